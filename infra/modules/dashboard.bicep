metadata description = 'A workbook with charts of the request events, and the saved query that they use.'

@description('Display name of the workbook.')
@minLength(1)
@maxLength(100)
param displayName string

@description('Azure region of the workbook.')
param location string

@description('Tags of the workbook.')
param tags { *: string }

@description('Resource id of the workspace with the events.')
param workspaceId string

@description('Name of the workspace.')
param workspaceName string

@description('Whether to save the query in the workspace, which must then be in this resource group.')
param savesQuery bool

@description('The query that other queries use as TokenServiceRequests.')
param requestsQuery string

var charts = [
  {
    title: 'Requests by outcome'
    visualization: 'timechart'
    query: loadTextContent('../queries/requestsByOutcome.kql')
  }
  {
    title: 'Request duration in milliseconds'
    visualization: 'timechart'
    query: loadTextContent('../queries/durations.kql')
  }
  {
    title: 'Requests by function and caller'
    visualization: 'table'
    query: loadTextContent('../queries/requestsByFunction.kql')
  }
  {
    title: 'Recent failures'
    visualization: 'table'
    query: loadTextContent('../queries/recentFailures.kql')
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = if (savesQuery) {
  name: workspaceName
}

resource requests 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (savesQuery) {
  parent: workspace
  name: 'token-service-requests'
  properties: {
    // Lets a deployment overwrite the saved query. The type lacks this property, but Azure reads it here.
    // https://github.com/Azure/bicep-types-az/issues/1499
    #disable-next-line BCP037
    etag: '*'
    category: 'Token service'
    displayName: 'Requests to the token service'
    functionAlias: 'TokenServiceRequests'
    query: requestsQuery
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspaceId, 'token-service')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: workspaceId
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
