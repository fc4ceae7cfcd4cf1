using '../main.bicep'

// Subnets, private DNS zones and workspace belong to the platform team. An Azure Policy registers the endpoint of the
// vault, and no other zone is created.

param acsDataLocation = 'Europe'
param names = { functionApp: 'func-tokens-prod-weu-001', storageAccount: 'sttokensprodweu001' }
param privateNetworking = true
param publicAccess = false
param appSubnetId = '/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/tokens-app'
param endpointSubnetId = '/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/tokens-endpoints'
param createPrivateDnsZones = false
param privateDnsZoneIds = {
  blob: '/subscriptions/00000000-0000-0000-0000-000000000003/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net'
  table: '/subscriptions/00000000-0000-0000-0000-000000000003/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.table.core.windows.net'
  sites: '/subscriptions/00000000-0000-0000-0000-000000000003/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.azurewebsites.net'
}
param workspaceId = '/subscriptions/00000000-0000-0000-0000-000000000004/resourceGroups/management/providers/Microsoft.OperationalInsights/workspaces/central'
param lockData = true
param alertEmails = ['on-call@example.com']
