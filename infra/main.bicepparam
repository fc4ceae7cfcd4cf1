using 'main.bicep'

// az deployment group create -g <resource group> -f infra/main.bicep -p infra/main.bicepparam
// The other parameters have defaults: see main.bicep.

param acsDataLocation = 'Europe'
