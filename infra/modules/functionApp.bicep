metadata description = 'The function app on a Flex Consumption plan. Publishing requires an Entra token; passwords are off.'

import { allowedCaller } from 'combinations.bicep'

@description('Name of the function app: letters, digits and hyphens. Becomes part of its host name.')
@minLength(2)
@maxLength(60)
param name string

@description('Name of the plan.')
@minLength(1)
@maxLength(60)
param planName string

@description('Azure region of app and plan. Not every region has Flex Consumption.')
param location string

@description('Tags of app and plan.')
param tags { *: string }

@description('The user-assigned identity of the app.')
param identity {
  @description('Resource id.')
  id: string

  @description('Client id.')
  clientId: string
}

@description('Storage of the Functions host.')
param storage {
  @description('Name of the account.')
  accountName: string

  @description('URL of the container that the package is deployed to.')
  deploymentContainerUrl: string
}

@description('Connection string of Application Insights. Not a secret: the component accepts Entra tokens only.')
param applicationInsightsConnectionString string

@description('The settings that shared/config.ts reads, by name.')
param serviceSettings { *: string }

@description('Origins of web apps that call the service.')
param corsOrigins string[]

@description('Memory of an instance, in MB.')
param instanceMemoryMB 512 | 2048 | 4096

@description('Requests that an instance runs at the same time, before another instance starts.')
@minValue(1)
@maxValue(1000)
param httpPerInstanceConcurrency int

@description('Whether the instances are spread over availability zones.')
param zoneRedundant bool

@description('Maximum number of on-demand instances. Always-ready instances come on top.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('Instances that are always running. You pay for them while idle.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int

@description('Resource id of the subnet for outgoing connections. Omit it to use the public network.')
param subnetId string?

@description('Whether the functions accept connections from the internet.')
param publicNetworkAccess 'Enabled' | 'Disabled'

@description('The only callers that the functions accept. Empty for all.')
param allowedCallers allowedCaller[]

@description('Whether the availability test is among the callers.')
param allowAvailabilityTest bool

var callerRestrictions = [
  for (caller, index) in allowedCallers: {
    name: 'caller-${index}'
    action: 'Allow'
    priority: 100 + index
    ...(empty(caller.?frontDoorId)
      ? { ipAddress: caller.?addressRange }
      : {
          tag: 'ServiceTag'
          ipAddress: 'AzureFrontDoor.Backend'
          headers: { 'x-azure-fdid': [caller.?frontDoorId] }
        })
  }
]

var testRestriction = {
  name: 'availability-test'
  action: 'Allow'
  priority: 1000
  tag: 'ServiceTag'
  ipAddress: 'ApplicationInsightsAvailability'
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: { ...tags, 'azd-service-name': 'api' }
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    virtualNetworkSubnetId: subnetId
    publicNetworkAccess: publicNetworkAccess
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
      cors: { allowedOrigins: corsOrigins, supportCredentials: false }
      ...(empty(allowedCallers)
        ? {}
        : {
            ipSecurityRestrictionsDefaultAction: 'Deny'
            ipSecurityRestrictions: concat(callerRestrictions, allowAvailabilityTest ? [testRestriction] : [])
          })
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: storage.deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: { name: 'node', version: '24' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances > 0 ? [{ name: 'http', instanceCount: alwaysReadyInstances }] : []
        triggers: { http: { perInstanceConcurrency: httpPerInstanceConcurrency } }
      }
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      ...serviceSettings
      AZURE_CLIENT_ID: identity.clientId
      AzureWebJobsStorage__accountName: storage.accountName
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identity.clientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.clientId};Authorization=AAD'
    }
  }

  resource ftpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

@description('Name of the function app, for func azure functionapp publish.')
output name string = site.name

@description('Host name of the function app.')
output hostName string = site.properties.defaultHostName

@description('Resource id of the function app.')
output id string = site.id
