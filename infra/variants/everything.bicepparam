using '../main.bicep'

// Every parameter set to a value other than its default, except those of the other variants.

param acsDataLocation = 'Switzerland'
param namePrefix = 'contoso'
param names = {
  functionApp: 'contoso-token-service'
  plan: 'contoso-plan'
  identity: 'contoso-identity'
  storageAccount: 'contosotokens'
  vault: 'contoso-vault'
  communicationService: 'contoso-communication'
  workspace: 'contoso-logs'
  applicationInsights: 'contoso-insights'
  virtualNetwork: 'contoso-network'
}
param tags = { team: 'communication' }
param keyless = true
param tokenAllowedScopes = ['chat', 'voip', 'chat.join']
param tokenDefaultScopes = ['chat']
param tokenMaxExpiryMinutes = 240
param tokenDefaultExpiryMinutes = 60
param tokenExpirySpreadPercent = 25
param callerAuth = 'oidc'
param oidcIssuer = 'https://id.example.com/'
param oidcAudience = 'api://tokens'
param oidcRequiredScope = ['tokens.issue', 'tokens.manage']
param oidcAllowedClients = ['mobile-app', 'web-app']
param oidcSubjectClaim = 'https://example.com/user_id'
param oidcAdminRole = 'Administrator'
param teamsClientId = '4d5c0b5e-8f1a-4a53-9a0f-0d8f4c2b7e61'
param callerRequestsPerMinute = 0
param corsOrigins = ['https://app.example.com', 'https://localhost:3000']
param privateNetworking = true
param networkAddressPrefix = '10.42.0.0/25'
param allowedCallers = [
  { frontDoorId: '5e0f1c0a-2b8b-4d55-9f7e-0f6f5e9d3c11' }
  { addressRange: '203.0.113.7/32' }
]
param requestDeadlineSeconds = 20
param instanceMemoryMB = 2048
param httpPerInstanceConcurrency = 64
param maximumInstanceCount = 100
param alwaysReadyInstances = 2
param zoneRedundant = true
param storageSku = 'Standard_GZRS'
param softDeleteDays = 14
param lockData = true
param logRetentionDays = 90
param telemetry = 'azure-monitor'
param logDailyCapGb = 5
param alertEmails = ['on-call@example.com']
param serverErrorAlertThreshold = 100
param availabilityTestLocations = ['emea-nl-ams-azr', 'emea-gb-db3-azr', 'emea-fr-pra-edge', 'emea-ch-zrh-edge']
param availabilityTestMinutes = 5
