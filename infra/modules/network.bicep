metadata description = 'The virtual network for private networking: one subnet for the app, one for private endpoints, each with a network security group.'

@description('Name of the virtual network.')
@minLength(2)
@maxLength(64)
param name string

@description('Azure region of the virtual network. Must be that of the app.')
param location string

@description('Tags of the virtual network.')
param tags { *: string }

@description('Address range of the virtual network in CIDR notation, /25 or larger.')
param addressPrefix string

// The subnet of the app has no rules of its own: nothing connects to it, and the defaults let the app call Azure
// and your identity provider.
resource appSecurityGroup 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: '${name}-nsg-app'
  location: location
  tags: tags
  properties: {}
}

resource endpointSecurityGroup 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: '${name}-nsg-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'allow-https-from-network'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: 'VirtualNetwork'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '443'
        }
      }
      {
        name: 'deny-other'
        properties: {
          priority: 4096
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        // The platform handles outbound internet access of a delegated subnet, so defaultOutboundAccess is not set.
        // https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          networkSecurityGroup: { id: appSecurityGroup.id }
          delegations: [{ name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 27, 2)
          defaultOutboundAccess: false
          networkSecurityGroup: { id: endpointSecurityGroup.id }
          // Without it, a security group does not apply to private endpoints.
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
        }
      }
    ]
  }

  resource app 'subnets' existing = {
    name: 'app'
  }

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

@description('Resource id of the virtual network.')
output id string = network.id

@description('Resource id of the subnet for the app.')
output appSubnetId string = network::app.id

@description('Resource id of the subnet for private endpoints.')
output endpointSubnetId string = network::endpoints.id
