metadata description = 'Alert rules over the events that the service logs, mailed to whoever looks after it.'

@description('Start of every rule\'s name.')
@minLength(1)
@maxLength(40)
param namePrefix string

@description('Azure region of the rules: that of the workspace.')
param location string

@description('Tags of the rules.')
param tags { *: string }

@description('Resource id of the workspace that holds the events.')
param workspaceId string

@description('Query that the other queries call TokenServiceRequests.')
param requestsQuery string

@description('Addresses that are told.')
@minLength(1)
param emails string[]

var rules = [
  {
    name: 'failed-requests'
    severity: 2
    displayName: 'Token service: over 5 % of the requests fail'
    query: loadTextContent('../queries/failedRequests.kql')
    condition: { timeAggregation: 'Maximum', metricMeasureColumn: 'FailedPercent', threshold: 5 }
  }
  {
    name: 'rejected-credentials'
    severity: 1
    displayName: 'Token service: its credentials or settings are refused'
    query: loadTextContent('../queries/rejectedCredentials.kql')
    condition: { timeAggregation: 'Count', threshold: 0 }
  }
  {
    name: 'throttled-requests'
    severity: 2
    displayName: 'Token service: Communication Services throttles it'
    query: loadTextContent('../queries/throttledRequests.kql')
    condition: { timeAggregation: 'Count', threshold: 10 }
  }
]

resource team 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${namePrefix}-alerts'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'acstokens'
    enabled: true
    emailReceivers: [for email in emails: { name: email, emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${namePrefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.displayName
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      // A new workspace does not know its tables yet; check:infra parses every query.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: 'let TokenServiceRequests =\n${requestsQuery};\n${rule.query}'
            operator: 'GreaterThan'
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
            ...rule.condition
          }
        ]
      }
      actions: { actionGroups: [team.id] }
    }
  }
]
