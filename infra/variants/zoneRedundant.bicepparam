using '../main.bicep'

param acsDataLocation = 'Europe'
param zoneRedundant = true
param storageSku = 'Standard_ZRS'
param alertEmails = ['on-call@example.com']
