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
param groupId 'blob' | 'table' | 'vault' | 'sites'

@description('Name of the DNS zone, such as privatelink.blob.<storage suffix>.')
param zoneName string

@description('Resource id of an existing zone. Empty for none.')
param existingZoneId string

@description('Whether to create the zone when there is no existing one. Otherwise an Azure Policy must register the endpoint.')
param createZone bool

@description('The virtual network and its subnet for private endpoints.')
param network {
  @description('Resource id of the virtual network.')
  id: string

  @description('Resource id of the subnet.')
  endpointSubnetId: string
}

var createsZone = createZone && empty(existingZoneId)

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

  resource zoneGroup 'privateDnsZoneGroups' = if (createsZone || !empty(existingZoneId)) {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        { name: groupId, properties: { privateDnsZoneId: createsZone ? zone.id : existingZoneId } }
      ]
    }
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = if (createsZone) {
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
