metadata description = 'The user-assigned identity of the function app. It holds every role of the app.'

@description('Name of the user-assigned identity.')
@minLength(3)
@maxLength(128)
param name string

@description('Azure region of the identity.')
param location string

@description('Tags of the identity.')
param tags { *: string }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id of the identity.')
output id string = identity.id

@description('Client id of the identity, for app settings.')
output clientId string = identity.properties.clientId

@description('Object id of the identity, for role assignments.')
output principalId string = identity.properties.principalId
