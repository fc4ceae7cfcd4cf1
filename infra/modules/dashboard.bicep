metadata description = 'A workbook that draws the events that the service logs, and the query that it begins with.'

@description('Name of the workbook, as people see it.')
@minLength(1)
@maxLength(100)
param displayName string

@description('Azure region of the workbook.')
param location string

@description('Tags of the workbook.')
param tags { *: string }

@description('Name of the workspace that holds the events.')
param workspaceName string

@description('Query that the other queries call TokenServiceRequests.')
param requestsQuery string

var charts = [
  {
    title: 'Requests by outcome'
    visualization: 'timechart'
    query: loadTextContent('../queries/requestsByOutcome.kql')
  }
  {
    title: 'Milliseconds that a request takes'
    visualization: 'timechart'
    query: loadTextContent('../queries/durations.kql')
  }
  {
    title: 'By function and caller'
    visualization: 'table'
    query: loadTextContent('../queries/requestsByFunction.kql')
  }
  {
    title: 'Recent failures'
    visualization: 'table'
    query: loadTextContent('../queries/recentFailures.kql')
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = {
  name: workspaceName

  resource requests 'savedSearches@2020-08-01' = {
    name: 'token-service-requests'
    properties: {
      // Overwrites what an earlier deployment saved. Not in the type, but this is where Azure reads it.
      // https://github.com/Azure/bicep-types-az/issues/1499
      #disable-next-line BCP037
      etag: '*'
      category: 'Token service'
      displayName: 'Requests to the token service'
      functionAlias: 'TokenServiceRequests'
      query: requestsQuery
    }
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspace.id, 'token-service')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: workspace.id
    serializedData: string({
      version: 'Notebook/1.0'
      items: map(range(0, length(charts)), at => {
        type: 3
        name: 'chart-${at}'
        content: {
          version: 'KqlItem/1.0'
          title: charts[at].title
          query: 'let TokenServiceRequests =\n${requestsQuery};\n${charts[at].query}'
          visualization: charts[at].visualization
          queryType: 0
          resourceType: 'microsoft.operationalinsights/workspaces'
          size: 0
          timeContext: { durationMs: 86400000 }
        }
      })
    })
  }
}
