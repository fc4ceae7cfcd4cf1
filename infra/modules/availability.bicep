metadata description = 'A test that calls the health endpoint from outside, and its alert. It notices when the app does not run at all.'

@description('Name of the test and of its alert.')
@minLength(1)
@maxLength(64)
param name string

@description('Azure region of the test. Must be that of the Application Insights component.')
param location string

@description('Tags of the test and the alert.')
param tags { *: string }

@description('Name of the Application Insights component that stores the results.')
param applicationInsightsName string

@description('URL of the health endpoint.')
param healthUrl string

@description('Locations that the test runs from. Two of them must fail for an alert.')
@minLength(2)
@maxLength(16)
param locations string[]

@description('Minutes between two tests from the same location.')
param minutes 5 | 10 | 15

@description('Resource id of the action group.')
param actionGroupId string

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: name
  location: location
  // Azure requires the link to the component as a tag: https://github.com/MicrosoftDocs/feedback/issues/3491
  tags: { ...tags, 'hidden-link:${applicationInsights.id}': 'Resource' }
  kind: 'standard'
  properties: {
    Kind: 'standard'
    Name: name
    SyntheticMonitorId: name
    Enabled: true
    Frequency: minutes * 60
    // Longer than a cold start.
    Timeout: 30
    RetryEnabled: true
    Locations: [for testLocation in locations: { Id: testLocation }]
    Request: { RequestUrl: healthUrl, HttpVerb: 'GET', ParseDependentRequests: false }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 7 }
  }
}

resource alert 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    description: 'Token service: the health endpoint does not answer from two locations'
    severity: 1
    enabled: true
    scopes: [test.id, applicationInsights.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: test.id
      componentId: applicationInsights.id
      failedLocationCount: 2
    }
    actions: [{ actionGroupId: actionGroupId }]
  }
}
