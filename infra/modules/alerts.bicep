metadata description = 'Alert rules on the request events and on what the platform counts, sent by email.'

@description('Prefix of every rule name.')
@minLength(1)
@maxLength(40)
param namePrefix string

@description('Azure region of the log rules. Must be that of the workspace.')
param location string

@description('Tags of the rules.')
param tags { *: string }

@description('Resource id of the workspace with the events.')
param workspaceId string

@description('The query that other queries use as TokenServiceRequests.')
param requestsQuery string

@description('Resource id of the function app.')
param functionAppId string

@description('Responses with status 5xx in 15 minutes that raise the alert.')
@minValue(1)
param serverErrorThreshold int

@description('Email addresses that receive the alerts.')
@minLength(1)
param emails string[]

var rules = [
  {
    name: 'failed-requests'
    severity: 2
    displayName: 'Token service: more than 5 % of requests fail'
    query: loadTextContent('../queries/failedRequests.kql')
    windowSize: 'PT1H'
    condition: { timeAggregation: 'Maximum', metricMeasureColumn: 'FailedPercent', threshold: 5 }
  }
  {
    name: 'rejected-credentials'
    severity: 1
    displayName: 'Token service: credentials rejected or settings wrong'
    query: loadTextContent('../queries/rejectedCredentials.kql')
    windowSize: 'PT15M'
    condition: { timeAggregation: 'Count', threshold: 0 }
  }
  {
    name: 'throttled-requests'
    severity: 2
    displayName: 'Token service: throttled by Communication Services'
    query: loadTextContent('../queries/throttledRequests.kql')
    windowSize: 'PT15M'
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
      windowSize: rule.windowSize
      autoMitigate: true
      // A new workspace has no tables yet. npm run check:infra validates every query instead.
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

// Azure counts these responses itself, so this rule works while the app or the log does not.
resource serverErrors 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: '${namePrefix}-server-errors'
  location: 'global'
  tags: tags
  properties: {
    description: 'Token service: the platform counts responses with status 5xx'
    severity: 1
    enabled: true
    scopes: [functionAppId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'http5xx'
          metricNamespace: 'Microsoft.Web/sites'
          metricName: 'Http5xx'
          timeAggregation: 'Total'
          operator: 'GreaterThanOrEqual'
          threshold: serverErrorThreshold
        }
      ]
    }
    actions: [{ actionGroupId: team.id }]
  }
}

@description('Resource id of the action group that sends the emails.')
output actionGroupId string = team.id
