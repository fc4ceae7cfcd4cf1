using '../main.bicep'

// Every parameter set to a value other than its default.

param acsDataLocation = 'Switzerland'
param namePrefix = 'contoso'
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
param requestDeadlineSeconds = 20
param instanceMemoryMB = 2048
param maximumInstanceCount = 100
param alwaysReadyInstances = 2
param storageSku = 'Standard_ZRS'
param logRetentionDays = 90
param telemetry = 'azure-monitor'
param alertEmails = ['on-call@example.com']
