metadata description = 'Log Analytics and Application Insights. Both accept Entra tokens only, so the connection string is not a secret.'

@description('Name of the Log Analytics workspace.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Name of the Application Insights component.')
@minLength(1)
@maxLength(260)
param applicationInsightsName string

@description('Azure region of both resources.')
param location string

@description('Tags of both resources.')
param tags { *: string }

@description('Days that logs are retained, in a workspace that the deployment creates.')
@minValue(30)
@maxValue(730)
param retentionInDays int

@description('Gigabytes of logs that the workspace accepts a day, in a workspace that the deployment creates. 0 for no cap.')
@minValue(0)
param dailyCapGb int

@description('Resource id of an existing workspace. Empty to create one.')
param existingWorkspaceId string

@description('Object id of the identity that sends telemetry.')
@minLength(36)
@maxLength(36)
param principalId string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/monitor#monitoring-metrics-publisher
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

var createsWorkspace = empty(existingWorkspaceId)

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = if (createsWorkspace) {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionInDays
    features: { disableLocalAuth: true }
    workspaceCapping: { dailyQuotaGb: dailyCapGb > 0 ? dailyCapGb : -1 }
  }
}

resource existingWorkspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = if (!createsWorkspace) {
  name: last(split(existingWorkspaceId, '/'))
  scope: resourceGroup(
    createsWorkspace ? subscription().subscriptionId : split(existingWorkspaceId, '/')[2],
    createsWorkspace ? resourceGroup().name : split(existingWorkspaceId, '/')[4]
  )
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: applicationInsightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: createsWorkspace ? workspace.id : existingWorkspaceId
    DisableLocalAuth: true
  }
}

resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(applicationInsights.id, principalId, monitoringMetricsPublisher)
  scope: applicationInsights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

@description('Connection string of Application Insights. Not a secret: local authentication is off.')
output connectionString string = applicationInsights.properties.ConnectionString

@description('Name of the workspace.')
output workspaceName string = createsWorkspace ? workspace.name : existingWorkspace.name

@description('Resource id of the workspace, for diagnostic settings.')
output workspaceId string = createsWorkspace ? workspace.id : existingWorkspaceId

@description('Azure region of the workspace, for its alert rules.')
output workspaceLocation string = createsWorkspace ? location : existingWorkspace!.location
