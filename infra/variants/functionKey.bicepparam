using '../main.bicep'

// Every default.

param acsDataLocation = 'Europe'
