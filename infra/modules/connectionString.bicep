metadata description = 'The secret that holds the connection string. Deployed on its own to flip access keys: see rotate-key.'

@description('Name of the vault.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Name of the communication service whose connection string is kept.')
param communicationServiceName string

@description('Name of the secret: letters, digits and hyphens.')
@minLength(1)
@maxLength(127)
param secretName string

@description('Which of the two access keys the connection string holds.')
param activeKey 'primary' | 'secondary'

@description('The key that a rotation still has to regenerate; empty when none is under way.')
param retiringKey 'primary' | 'secondary' | '' = ''

resource communication 'Microsoft.Communication/communicationServices@2026-03-18' existing = {
  name: communicationServiceName
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource connectionString 'Microsoft.KeyVault/vaults/secrets@2026-02-01' = {
  parent: vault
  name: secretName
  tags: { activeKey: activeKey, ...(empty(retiringKey) ? {} : { retiringKey: retiringKey }) }
  properties: {
    value: activeKey == 'primary'
      ? communication.listKeys().primaryConnectionString
      : communication.listKeys().secondaryConnectionString
    contentType: 'Azure Communication Services connection string'
    attributes: { enabled: true }
  }
}

@description('Name of the secret that holds the connection string.')
output secretName string = connectionString.name
