using '../main.bicep'

// Every parameter at its default.

param acsDataLocation = 'Europe'
