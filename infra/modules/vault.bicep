metadata description = 'The vault and its secret: the connection string of the communication service.'

@description('Name of the vault: letters, digits and hyphens. The name of a deleted vault stays reserved until it is purged.')
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

@description('Name of the communication service of the connection string.')
param communicationServiceName string

@description('The access key in the connection string. Each deployment writes it.')
param activeKey 'primary' | 'secondary'

@description('Whether the vault accepts connections through a private endpoint only. Deployments still write the secret, because they use the control plane.')
param privateOnly bool

@description('Object id of the identity that reads the secret.')
@minLength(36)
@maxLength(36)
param principalId string

@description('Resource id of the workspace for the audit log.')
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
    // The minimum. The secret can be written again from the communication service at any time.
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

// A preview, but the version in general use. The only stable version, from 2016, cannot name a setting.
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

@description('Name of the secret.')
output secretName string = connectionString.outputs.secretName
