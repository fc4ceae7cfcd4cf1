metadata name = 'ACS token service'
metadata description = 'The Azure resources of the token service. After deployment, publish the code: func azure functionapp publish <functionAppName>.'

import {
  allowedCaller
  checkedAppSubnet
  checkedCallers
  checkedPublicAccess
  checkedStorageSku
  checkedTestLocations
  checkedWorkspace
  checkedZone
  privateDnsZones
  resourceNames
  storageRedundancy
} from 'modules/combinations.bicep'
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

@description('Names of your own, by resource. Set them before the first deployment: another name later is another resource.')
param names resourceNames = {}

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

// Network

@description('Whether storage and vault accept connections from a virtual network only. The functions stay public unless publicAccess is false.')
param privateNetworking bool = false

@description('With private networking: address range of the virtual network in CIDR notation, /25 or larger. Not used with subnets of your own.')
param networkAddressPrefix string = '10.0.0.0/24'

@description('With private networking: resource id of an existing subnet for the app, delegated to Microsoft.App/environments, in the region of the app. Its name must not have an underscore. Empty to create a virtual network.')
param appSubnetId string = ''

@description('With private networking: resource id of an existing subnet for private endpoints. Set it together with appSubnetId.')
param endpointSubnetId string = ''

@description('With private networking: resource ids of existing private DNS zones, which must be linked to the virtual network.')
param privateDnsZoneIds privateDnsZones = {}

@description('With private networking: whether to create the private DNS zones that privateDnsZoneIds leaves out. false where an Azure Policy registers private endpoints.')
param createPrivateDnsZones bool = true

@description('Whether the functions accept connections from the internet. false: through a private endpoint only, publishing included. Needs privateNetworking.')
param publicAccess bool = true

@description('The only callers that the functions accept, so that nobody bypasses Front Door or API Management. Empty for all callers.')
@maxLength(100)
param allowedCallers allowedCaller[] = []

// Operation

@description('Deadline of a request, in seconds.')
@minValue(1)
@maxValue(200)
param requestDeadlineSeconds int = 10

@description('Memory of an instance, in MB.')
param instanceMemoryMB 512 | 2048 | 4096 = 512

@description('Requests that an instance runs at the same time, before another instance starts. Requests mostly wait for Communication Services, so the default is above the 4 that Azure sets for 512 MB.')
@minValue(1)
@maxValue(1000)
param httpPerInstanceConcurrency int = 16

@description('Maximum number of on-demand instances. Limits the cost of a flood of requests. Does not limit always-ready instances, which come on top, nor the rate of requests to Communication Services.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that are always running, to avoid cold starts. You pay for them while idle.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('Whether the app survives the loss of an availability zone. Azure keeps two instances running, which you pay for. Needs a region with zones and storage with zones.')
param zoneRedundant bool = false

@description('Redundancy of the storage account, which stores the user directory. automatic: Standard_ZRS for a new account; an existing account keeps its own, because Azure refuses to change it here. In a region without availability zones, set Standard_LRS or Standard_GRS.')
param storageSku storageRedundancy = 'automatic'

@description('Days that deleted blobs and containers can be restored. Tables have no soft delete.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 7

@description('Whether locks prevent the deletion of the storage account and the communication service. Creating a lock requires the role Owner or User Access Administrator.')
param lockData bool = false

@description('Resource id of an existing Log Analytics workspace. Empty to create one.')
param workspaceId string = ''

@description('Days that logs are retained. Not used with a workspace of your own.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('azure-monitor: the functions send traces and metrics to Application Insights, beside the log. A new instance then takes some 0.2 seconds longer to start.')
param telemetry 'off' | 'azure-monitor' = 'off'

@description('Gigabytes of logs that the workspace accepts a day. Above it, logs are lost and alerts that read them stay silent until the next day. 0 for no cap.')
@minValue(0)
@maxValue(10000)
param logDailyCapGb int = 0

@description('Email addresses for alerts: failing requests, rejected credentials, throttling, an unreachable service. Without an address there are no alerts.')
@maxLength(50)
param alertEmails string[] = []

@description('With alertEmails: responses with status 5xx within 15 minutes, as the platform counts them, that raise an alert.')
@minValue(1)
param serverErrorAlertThreshold int = 10

@description('With alertEmails and publicAccess: locations of the availability test on /api/health. Two must fail for an alert. Empty for no test. https://learn.microsoft.com/azure/azure-monitor/app/availability#location-population-tags')
@maxLength(16)
param availabilityTestLocations string[] = ['emea-nl-ams-azr', 'us-va-ash-azr', 'apac-sg-sin-azr']

@description('Minutes between two availability tests from the same location. You pay for each test.')
param availabilityTestMinutes 5 | 10 | 15 = 15

var prefix = checkedPrefix(namePrefix)
var suffix = take(uniqueString(resourceGroup().id, namePrefix), 10)
var userTableName = 'users'

var storageName = names.?storageAccount ?? 'st${prefix}${suffix}'
var applicationInsightsName = names.?applicationInsights ?? 'appi-${prefix}-${suffix}'

// A workspace of your own has the logs of others too.
var existingWorkspaceId = checkedWorkspace(workspaceId, logDailyCapGb)
var requestsQuery = empty(existingWorkspaceId)
  ? loadTextContent('queries/tokenServiceRequests.kql')
  : replace(
      loadTextContent('queries/tokenServiceRequests.kql'),
      'AppTraces\n',
      'AppTraces\n| where _ResourceId =~ "${resourceId('Microsoft.Insights/components', applicationInsightsName)}"\n'
    )

var existingAppSubnetId = checkedAppSubnet(appSubnetId, endpointSubnetId, privateNetworking)
var createsNetwork = privateNetworking && empty(existingAppSubnetId)
// environment() does not name this domain.
var siteDomains = {
  AzureCloud: 'azurewebsites.net'
  AzureUSGovernment: 'azurewebsites.us'
  AzureChinaCloud: 'chinacloudsites.cn'
}
var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: replace('privatelink${environment().suffixes.keyvaultDns}', '.vault.', '.vaultcore.')
  sites: 'privatelink.${siteDomains[environment().name]}'
}
var zoneIds = {
  blob: checkedZone(privateDnsZoneIds.?blob, '.blob.', privateNetworking)
  table: checkedZone(privateDnsZoneIds.?table, '.table.', privateNetworking)
  vault: checkedZone(privateDnsZoneIds.?vault, '.vaultcore.', privateNetworking)
  sites: checkedZone(privateDnsZoneIds.?sites, 'sites.', privateNetworking)
}

// A private app cannot be reached from the locations of the test.
var testsAvailability = !empty(alertEmails) && !empty(checkedTestLocations(availabilityTestLocations)) && publicAccess

module identity 'modules/identity.bicep' = {
  params: {
    name: names.?identity ?? 'id-${prefix}-${suffix}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    workspaceName: names.?workspace ?? 'log-${prefix}-${suffix}'
    applicationInsightsName: applicationInsightsName
    location: location
    tags: tags
    retentionInDays: logRetentionDays
    dailyCapGb: logDailyCapGb
    existingWorkspaceId: existingWorkspaceId
    principalId: identity.outputs.principalId
  }
}

module existingStorage 'modules/existingStorage.bicep' = if (storageSku == 'automatic') {
  params: { name: storageName }
}

module storage 'modules/storage.bicep' = {
  params: {
    name: storageName
    location: location
    tags: tags
    sku: checkedStorageSku(storageSku == 'automatic' ? existingStorage!.outputs.sku : storageSku, zoneRedundant)
    softDeleteDays: softDeleteDays
    locked: lockData
    userTableName: userTableName
    privateOnly: privateNetworking
    workspaceId: monitoring.outputs.workspaceId
    principalId: identity.outputs.principalId
  }
}

module communication 'modules/communication.bicep' = {
  params: {
    name: names.?communicationService ?? 'acs-${prefix}-${suffix}'
    dataLocation: acsDataLocation
    tags: tags
    keyless: keyless
    locked: lockData
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/vault.bicep' = if (!keyless) {
  params: {
    name: names.?vault ?? 'kv-${prefix}-${suffix}'
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

module network 'modules/network.bicep' = if (createsNetwork) {
  params: {
    name: names.?virtualNetwork ?? 'vnet-${prefix}-${suffix}'
    location: location
    tags: tags
    addressPrefix: checkedNetwork(networkAddressPrefix)
  }
}

var endpointNetwork = createsNetwork
  ? { id: network!.outputs.id, endpointSubnetId: network!.outputs.endpointSubnetId }
  : { id: first(split(endpointSubnetId, '/subnets/')), endpointSubnetId: endpointSubnetId }

module blobEndpoint 'modules/privateEndpoint.bicep' = if (privateNetworking) {
  params: {
    name: 'pe-${prefix}-blob-${suffix}'
    location: location
    tags: tags
    serviceId: storage.outputs.id
    groupId: 'blob'
    zoneName: zoneNames.blob
    existingZoneId: zoneIds.blob
    createZone: createPrivateDnsZones
    network: endpointNetwork
  }
}

module tableEndpoint 'modules/privateEndpoint.bicep' = if (privateNetworking) {
  params: {
    name: 'pe-${prefix}-table-${suffix}'
    location: location
    tags: tags
    serviceId: storage.outputs.id
    groupId: 'table'
    zoneName: zoneNames.table
    existingZoneId: zoneIds.table
    createZone: createPrivateDnsZones
    network: endpointNetwork
  }
}

module vaultEndpoint 'modules/privateEndpoint.bicep' = if (privateNetworking && !keyless) {
  params: {
    name: 'pe-${prefix}-vault-${suffix}'
    location: location
    tags: tags
    serviceId: vault!.outputs.id
    groupId: 'vault'
    zoneName: zoneNames.vault
    existingZoneId: zoneIds.vault
    createZone: createPrivateDnsZones
    network: endpointNetwork
  }
}

module functionApp 'modules/functionApp.bicep' = {
  params: {
    name: names.?functionApp ?? 'func-${prefix}-${suffix}'
    planName: names.?plan ?? 'plan-${prefix}-${suffix}'
    location: location
    tags: tags
    identity: { id: identity.outputs.id, clientId: identity.outputs.clientId }
    storage: {
      accountName: storage.outputs.name
      deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    }
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    subnetId: createsNetwork ? network!.outputs.appSubnetId : empty(existingAppSubnetId) ? null : existingAppSubnetId
    publicNetworkAccess: checkedPublicAccess(publicAccess, privateNetworking, allowedCallers)
    allowedCallers: checkedCallers(allowedCallers)
    allowAvailabilityTest: testsAvailability
    corsOrigins: checkedOrigins(corsOrigins)
    instanceMemoryMB: instanceMemoryMB
    httpPerInstanceConcurrency: httpPerInstanceConcurrency
    zoneRedundant: zoneRedundant
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

module siteEndpoint 'modules/privateEndpoint.bicep' = if (!publicAccess) {
  params: {
    name: 'pe-${prefix}-sites-${suffix}'
    location: location
    tags: tags
    serviceId: functionApp.outputs.id
    groupId: 'sites'
    zoneName: zoneNames.sites
    existingZoneId: zoneIds.sites
    createZone: createPrivateDnsZones
    network: endpointNetwork
  }
}

module dashboard 'modules/dashboard.bicep' = {
  params: {
    displayName: 'Token service ${prefix}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    workspaceName: monitoring.outputs.workspaceName
    savesQuery: empty(existingWorkspaceId)
    requestsQuery: requestsQuery
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmails)) {
  params: {
    namePrefix: 'alert-${prefix}-${suffix}'
    location: monitoring.outputs.workspaceLocation
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    requestsQuery: requestsQuery
    functionAppId: functionApp.outputs.id
    serverErrorThreshold: serverErrorAlertThreshold
    emails: checkedEmails(alertEmails)
  }
}

module availability 'modules/availability.bicep' = if (testsAvailability) {
  params: {
    name: 'alert-${prefix}-${suffix}-availability'
    location: location
    tags: tags
    applicationInsightsName: applicationInsightsName
    healthUrl: 'https://${functionApp.outputs.hostName}/api/health'
    locations: availabilityTestLocations
    minutes: availabilityTestMinutes
    actionGroupId: alerts!.outputs.actionGroupId
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
