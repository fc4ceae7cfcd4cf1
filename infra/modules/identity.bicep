metadata description = 'The identity that the function app runs as. Every role is granted to it, none to a key.'

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

@description('Client id of the identity: what the app names when it asks for a token.')
output clientId string = identity.properties.clientId

@description('Object id of the identity: what roles are granted to.')
output principalId string = identity.properties.principalId
