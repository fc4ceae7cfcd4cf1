using '../main.bicep'

param acsDataLocation = 'Europe'
param keyless = true
