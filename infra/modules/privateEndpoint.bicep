metadata description = 'A private endpoint and the private DNS zone that resolves its name in the virtual network.'

@description('Name of the private endpoint.')
@minLength(2)
@maxLength(64)
param name string

@description('Azure region of the endpoint. Must be that of the virtual network.')
param location string

@description('Tags of the endpoint and the zone.')
param tags { *: string }

@description('Resource id of the service behind the endpoint.')
param serviceId string

@description('Sub-resource of the service.')
param groupId 'blob' | 'table' | 'vault'

@description('Name of the DNS zone, such as privatelink.blob.<storage suffix>.')
param zoneName string

@description('The virtual network and its subnet for private endpoints.')
param network {
  @description('Resource id of the virtual network.')
  id: string

  @description('Resource id of the subnet.')
  endpointSubnetId: string
}

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: network.endpointSubnetId }
    privateLinkServiceConnections: [
      { name: groupId, properties: { privateLinkServiceId: serviceId, groupIds: [groupId] } }
    ]
  }

  resource zoneGroup 'privateDnsZoneGroups' = {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: groupId, properties: { privateDnsZoneId: zone.id } }]
    }
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: 'network'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
  }
}
