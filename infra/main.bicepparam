using 'main.bicep'

// az deployment group create -g <resource group> -f infra/main.bicep -p infra/main.bicepparam
// The other parameters have defaults: see main.bicep. For production, consider these:
//
// param alertEmails = ['on-call@example.com']
// param zoneRedundant = true
// param lockData = true
// param logDailyCapGb = 5

param acsDataLocation = 'Europe'
