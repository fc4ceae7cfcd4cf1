import { type Deployment, ofType, property } from '../expandedDeployment.ts';

/**
 * The template can be deployed twice. Azure rejects a saved search that already exists with 409 Conflict unless its
 * property etag is '*': MicrosoftDocs/azure-docs#49275, Azure/bicep-types-az#1499.
 */
export function checkRedeployment(deployment: Deployment): string[] {
  return ofType(deployment, 'Microsoft.OperationalInsights/workspaces/savedSearches')
    .filter((search) => property(search, 'etag') !== '*')
    .map((search) => `${search.name}: properties.etag must be '*', or the next deployment fails with 409`);
}
