using '../main.bicep'

param acsDataLocation = 'Europe'
param privateNetworking = true
