metadata name = 'ACS token service'
metadata description = 'The Azure resources of the token service. After deployment, publish the code: func azure functionapp publish <functionAppName>.'

import {
  checkedAllowedScopes
  checkedAudience
  checkedClaim
  checkedDefaultExpiry
  checkedDefaultScopes
  checkedEmails
  checkedIssuer
  checkedNetwork
  checkedOrigins
  checkedPrefix
  checkedRequiredScope
  checkedSecretName
  checkedTeamsClientId
  dataLocation
  scope
} from 'modules/settings.bicep'

targetScope = 'resourceGroup'

// Names and location

@description('Prefix of every resource name: lower-case letters and digits, starting with a letter.')
@minLength(2)
@maxLength(10)
param namePrefix string = 'acstoken'

@description('Azure region of every resource except the communication service, which is global.')
param location string = resourceGroup().location

@description('Geography where Communication Services stores its data. Cannot be changed later.')
param acsDataLocation dataLocation

@description('Tags of every resource.')
param tags { *: string } = {}

// Credentials for Communication Services

@description('Whether the app calls Communication Services with its managed identity. Turns access keys off and deploys no vault.')
param keyless bool = false

@description('The access key in the secret. npm run rotate-key changes it; set the new value here, because each deployment writes this one.')
param activeKey 'primary' | 'secondary' = 'primary'

@description('Name of the secret with the connection string: letters, digits and hyphens.')
@minLength(1)
@maxLength(127)
param secretName string = 'acs-connection-string'

@description('Seconds that an instance caches the secret.')
@minValue(1)
@maxValue(86400)
param secretTtlSeconds int = 600

// Tokens

@description('Scopes that a caller may request.')
@minLength(1)
param tokenAllowedScopes scope[] = ['chat', 'voip']

@description('Scopes of a token when the caller requests none. Must be among tokenAllowedScopes.')
@minLength(1)
param tokenDefaultScopes scope[] = tokenAllowedScopes

@description('Maximum lifetime of a token, in minutes.')
@minValue(60)
@maxValue(1440)
param tokenMaxExpiryMinutes int = 1440

@description('Share by which the lifetime of a token is shortened at random when the caller requests none, in percent, so that tokens issued together are not refreshed together.')
@minValue(0)
@maxValue(50)
param tokenExpirySpreadPercent int = 10

@description('Lifetime of a token when the caller requests none, in minutes. At most tokenMaxExpiryMinutes.')
@minValue(60)
@maxValue(1440)
param tokenDefaultExpiryMinutes int = tokenMaxExpiryMinutes

// Callers

@description('function-key: callers send a function key. oidc: callers send a bearer token of your identity provider.')
param callerAuth 'function-key' | 'oidc' = 'function-key'

@description('With oidc: issuer of the bearer tokens, exactly as in their iss claim, such as https://login.microsoftonline.com/<tenant id>/v2.0.')
@maxLength(2048)
param oidcIssuer string = ''

@description('With oidc: audience of the bearer tokens, as in their aud claim.')
@maxLength(2048)
param oidcAudience string = ''

@description('With oidc: scopes in the scp or scope claim, of which a user\'s token needs one. [\'none\'] for providers whose tokens have no scopes.')
param oidcRequiredScope string[] = []

@description('With oidc: client ids whose tokens are accepted. Empty for all clients.')
param oidcAllowedClients string[] = []

@description('With oidc: claim that identifies the user. For Entra ID use oid, because sub differs per app.')
@minLength(1)
@maxLength(100)
param oidcSubjectClaim string = 'sub'

@description('With oidc: value of the roles claim that makes a caller a service.')
@minLength(1)
@maxLength(120)
param oidcAdminRole string = 'TokenService.Admin'

@description('With oidc: client id of the Entra application whose Teams tokens are exchanged. Empty for no exchange.')
param teamsClientId string = ''

@description('With oidc: maximum requests per minute of one user to one instance. 0 turns the limit off.')
@minValue(0)
@maxValue(1000000)
param callerRequestsPerMinute int = 10

@description('Origins of web apps that call the service, such as https://app.example.com.')
param corsOrigins string[] = []

@description('Whether storage and vault accept connections from a virtual network only. The functions stay public, because clients call them.')
param privateNetworking bool = false

@description('With private networking: address range of the virtual network in CIDR notation, /25 or larger.')
param networkAddressPrefix string = '10.0.0.0/24'

// Operation

@description('Deadline of a request, in seconds.')
@minValue(1)
@maxValue(200)
param requestDeadlineSeconds int = 10

@description('Memory of an instance, in MB.')
param instanceMemoryMB 512 | 2048 | 4096 = 512

@description('Maximum number of instances. Limits the cost of a flood of requests.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that are always running, to avoid cold starts. You pay for them while idle.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('Redundancy of the storage account, which stores the user directory.')
param storageSku 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GRS' | 'Standard_GZRS' = 'Standard_LRS'

@description('Days that logs are retained.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('azure-monitor: the functions send traces and metrics to Application Insights, beside the log. A new instance then takes some 0.2 seconds longer to start.')
param telemetry 'off' | 'azure-monitor' = 'off'

@description('Email addresses for alerts: failing requests, rejected credentials, throttling. Without an address there are no alerts.')
@maxLength(50)
param alertEmails string[] = []

var prefix = checkedPrefix(namePrefix)
var suffix = take(uniqueString(resourceGroup().id, namePrefix), 10)
var userTableName = 'users'
var requestsQuery = loadTextContent('queries/tokenServiceRequests.kql')

module identity 'modules/identity.bicep' = {
  params: {
    name: 'id-${prefix}-${suffix}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    workspaceName: 'log-${prefix}-${suffix}'
    applicationInsightsName: 'appi-${prefix}-${suffix}'
    location: location
    tags: tags
    retentionInDays: logRetentionDays
    principalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  params: {
    name: 'st${prefix}${suffix}'
    location: location
    tags: tags
    sku: storageSku
    userTableName: userTableName
    privateOnly: privateNetworking
    workspaceId: monitoring.outputs.workspaceId
    principalId: identity.outputs.principalId
  }
}

module communication 'modules/communication.bicep' = {
  params: {
    name: 'acs-${prefix}-${suffix}'
    dataLocation: acsDataLocation
    tags: tags
    keyless: keyless
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/vault.bicep' = if (!keyless) {
  params: {
    name: 'kv-${prefix}-${suffix}'
    location: location
    tags: tags
    secretName: checkedSecretName(secretName)
    communicationServiceName: communication.outputs.name
    activeKey: activeKey
    privateOnly: privateNetworking
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  params: {
    name: 'vnet-${prefix}-${suffix}'
    location: location
    tags: tags
    addressPrefix: checkedNetwork(networkAddressPrefix)
  }
}

module blobEndpoint 'modules/privateEndpoint.bicep' = if (privateNetworking) {
  params: {
    name: 'pe-${prefix}-blob-${suffix}'
    location: location
    tags: tags
    serviceId: storage.outputs.id
    groupId: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
    network: { id: network!.outputs.id, endpointSubnetId: network!.outputs.endpointSubnetId }
  }
}

module tableEndpoint 'modules/privateEndpoint.bicep' = if (privateNetworking) {
  params: {
    name: 'pe-${prefix}-table-${suffix}'
    location: location
    tags: tags
    serviceId: storage.outputs.id
    groupId: 'table'
    zoneName: 'privatelink.table.${environment().suffixes.storage}'
    network: { id: network!.outputs.id, endpointSubnetId: network!.outputs.endpointSubnetId }
  }
}

module vaultEndpoint 'modules/privateEndpoint.bicep' = if (privateNetworking && !keyless) {
  params: {
    name: 'pe-${prefix}-vault-${suffix}'
    location: location
    tags: tags
    serviceId: vault!.outputs.id
    groupId: 'vault'
    zoneName: replace('privatelink${environment().suffixes.keyvaultDns}', '.vault.', '.vaultcore.')
    network: { id: network!.outputs.id, endpointSubnetId: network!.outputs.endpointSubnetId }
  }
}

module functionApp 'modules/functionApp.bicep' = {
  params: {
    name: 'func-${prefix}-${suffix}'
    planName: 'plan-${prefix}-${suffix}'
    location: location
    tags: tags
    identity: { id: identity.outputs.id, clientId: identity.outputs.clientId }
    storage: {
      accountName: storage.outputs.name
      deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    }
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    subnetId: network.?outputs.appSubnetId
    corsOrigins: checkedOrigins(corsOrigins)
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    serviceSettings: {
      ...(keyless
        ? { ACS_ENDPOINT: communication.outputs.endpoint }
        : {
            KEY_VAULT_URI: vault!.outputs.uri
            ACS_CONNECTION_STRING_SECRET: vault!.outputs.secretName
            ACS_SECRET_TTL_SECONDS: string(secretTtlSeconds)
          })
      TOKEN_ALLOWED_SCOPES: checkedAllowedScopes(tokenAllowedScopes)
      TOKEN_DEFAULT_SCOPES: checkedDefaultScopes(tokenDefaultScopes, tokenAllowedScopes)
      TOKEN_DEFAULT_EXPIRY_MINUTES: checkedDefaultExpiry(tokenDefaultExpiryMinutes, tokenMaxExpiryMinutes)
      TOKEN_MAX_EXPIRY_MINUTES: string(tokenMaxExpiryMinutes)
      TOKEN_EXPIRY_SPREAD_PERCENT: string(tokenExpirySpreadPercent)
      REQUEST_DEADLINE_SECONDS: string(requestDeadlineSeconds)
      CALLER_REQUESTS_PER_MINUTE: string(callerRequestsPerMinute)
      TELEMETRY: telemetry
      CALLER_AUTH: callerAuth
      ...(callerAuth == 'oidc'
        ? {
            OIDC_ISSUER: checkedIssuer(oidcIssuer)
            OIDC_AUDIENCE: checkedAudience(oidcAudience)
            OIDC_REQUIRED_SCOPE: checkedRequiredScope(oidcRequiredScope)
            OIDC_ALLOWED_CLIENTS: join(oidcAllowedClients, ',')
            OIDC_ADMIN_ROLE: oidcAdminRole
            OIDC_SUBJECT_CLAIM: checkedClaim(oidcSubjectClaim)
            USER_TABLE_ENDPOINT: storage.outputs.tableEndpoint
            USER_TABLE_NAME: storage.outputs.userTableName
          }
        : {})
      ...(empty(teamsClientId) ? {} : { TEAMS_CLIENT_ID: checkedTeamsClientId(teamsClientId, callerAuth) })
    }
  }
  dependsOn: [blobEndpoint, tableEndpoint, vaultEndpoint]
}

module dashboard 'modules/dashboard.bicep' = {
  params: {
    displayName: 'Token service ${prefix}'
    location: location
    tags: tags
    workspaceName: monitoring.outputs.workspaceName
    requestsQuery: requestsQuery
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmails)) {
  params: {
    namePrefix: 'alert-${prefix}-${suffix}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    requestsQuery: requestsQuery
    emails: checkedEmails(alertEmails)
  }
}

@description('Name of the function app, for func azure functionapp publish.')
output functionAppName string = functionApp.outputs.name

@description('Host name of the service. The API is under /api.')
output functionAppHostName string = functionApp.outputs.hostName

@description('URL of the vault. Empty when keyless.')
output keyVaultUri string = keyless ? '' : vault!.outputs.uri

@description('Name of the secret with the connection string. Empty when keyless.')
output secretName string = keyless ? '' : vault!.outputs.secretName
