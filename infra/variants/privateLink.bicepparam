using '../main.bicep'

// The functions, storage and vault through private endpoints only.

param acsDataLocation = 'Europe'
param privateNetworking = true
param publicAccess = false
param alertEmails = ['on-call@example.com']
