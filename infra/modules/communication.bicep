metadata description = 'The Communication Services resource, which issues the tokens.'

@description('Name of the communication service: letters, digits and hyphens.')
@minLength(1)
@maxLength(63)
param name string

@description('Geography where Communication Services stores its data. Cannot be changed later.')
param dataLocation string

@description('Tags of the communication service.')
param tags { *: string }

@description('Whether the app uses its managed identity. Turns access keys off.')
param keyless bool

@description('Whether a lock prevents the deletion of the communication service.')
param locked bool

@description('Object id of the function app\'s identity.')
@minLength(36)
@maxLength(36)
param principalId string

@description('Resource id of the workspace that receives the authentication log.')
param workspaceId string

// Broad, but no narrower built-in role can issue tokens.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var communicationAndEmailServiceOwner = '09976791-48a7-449e-bb21-39d1a415f350'

resource communication 'Microsoft.Communication/communicationServices@2026-03-18' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
    disableLocalAuth: keyless
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (locked) {
  name: 'keep-users'
  scope: communication
  properties: { level: 'CanNotDelete', notes: 'Has the communication users. Deletion ends their chats and tokens.' }
}

resource owner 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (keyless) {
  name: guid(communication.id, principalId, communicationAndEmailServiceOwner)
  scope: communication
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      communicationAndEmailServiceOwner
    )
  }
}

// A preview, but the version in general use. The only stable version, from 2016, cannot name a setting.
#disable-next-line use-recent-api-versions
resource authenticationLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'authentication-log'
  scope: communication
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuthOperational', enabled: true }]
  }
}

@description('Name of the communication service. Use this output, so that listKeys() runs after the creation.')
output name string = communication.name

@description('URL of the communication service.')
output endpoint string = 'https://${communication.properties.hostName}/'
