metadata description = 'The secret with the connection string. npm run rotate-key deploys this module on its own.'

@description('Name of the vault.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Name of the communication service of the connection string.')
param communicationServiceName string

@description('Name of the secret: letters, digits and hyphens.')
@minLength(1)
@maxLength(127)
param secretName string

@description('The access key in the connection string.')
param activeKey 'primary' | 'secondary'

@description('The key that a rotation in progress still has to regenerate. Empty when there is no rotation.')
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

@description('Name of the secret.')
output secretName string = connectionString.name
