metadata description = 'The vault, and in it the connection string of the communication service.'

@description('Name of the vault: letters, digits and hyphens. Reserved while a deleted vault can be recovered.')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region of the vault.')
param location string

@description('Tags of the vault.')
param tags { *: string }

@description('Name of the secret: letters, digits and hyphens.')
@minLength(1)
@maxLength(127)
param secretName string

@description('Name of the communication service whose connection string is kept.')
param communicationServiceName string

@description('Which of the two access keys the connection string holds. A redeployment restores this choice.')
param activeKey 'primary' | 'secondary'

@description('Whether the vault is reached through a private endpoint only. Deployments still write the secret: they are not network callers.')
param privateOnly bool

@description('Object id of the identity that reads the secret.')
@minLength(36)
@maxLength(36)
param principalId string

@description('Resource id of the workspace that receives the audit log.')
param workspaceId string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security#key-vault-secrets-user
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    // The shortest there is: its one secret can be written again from the communication service at any time.
    softDeleteRetentionInDays: 7
    networkAcls: { bypass: 'None', defaultAction: privateOnly ? 'Deny' : 'Allow' }
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
  }

  resource secret 'secrets' existing = {
    name: secretName
  }
}

module connectionString 'connectionString.bicep' = {
  params: {
    vaultName: vault.name
    communicationServiceName: communicationServiceName
    secretName: secretName
    activeKey: activeKey
  }
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault::secret.id, principalId, keyVaultSecretsUser)
  scope: vault::secret
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
  dependsOn: [connectionString]
}

// The version in use everywhere; the only stable one, of 2016, takes no settings by name.
#disable-next-line use-recent-api-versions
resource auditLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit-log'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

@description('Resource id of the vault.')
output id string = vault.id

@description('URL of the vault.')
output uri string = vault.properties.vaultUri

@description('Name of the secret that holds the connection string.')
output secretName string = connectionString.outputs.secretName
