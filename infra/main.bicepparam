using 'main.bicep'

// az deployment group create -g <resource group> -f infra/main.bicep -p infra/main.bicepparam
// Everything else has a default: see main.bicep.

param acsDataLocation = 'Europe'
