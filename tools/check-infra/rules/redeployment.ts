import { type Deployment, ofType, property } from '../expandedDeployment.ts';

/**
 * The template can be deployed again. Azure refuses a saved search that exists with 409 Conflict, unless its etag says
 * to overwrite it, and knows the etag among the properties only: MicrosoftDocs/azure-docs#49275,
 * Azure/bicep-types-az#1499.
 */
export function checkRedeployment(deployment: Deployment): string[] {
  return ofType(deployment, 'Microsoft.OperationalInsights/workspaces/savedSearches')
    .filter((search) => property(search, 'etag') !== '*')
    .map((search) => `${search.name} : properties.etag must be '*', or a second deployment is refused`);
}
