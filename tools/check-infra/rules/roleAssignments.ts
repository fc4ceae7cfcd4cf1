import { type Deployment, label, ofType, property, type Resource, scopeType } from '../expandedDeployment.ts';

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const roles: Readonly<Record<string, { id: string; scope: string }>> = {
  'Monitoring Metrics Publisher': {
    id: '3913510d-42f4-4e42-8a64-420c390055eb',
    scope: 'Microsoft.Insights/components',
  },
  'Storage Blob Data Owner': {
    id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
    scope: 'Microsoft.Storage/storageAccounts',
  },
  'Storage Table Data Contributor': {
    id: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
    scope: 'Microsoft.Storage/storageAccounts/tableServices/tables',
  },
  'Key Vault Secrets User': {
    id: '4633458b-17de-408a-b874-0445c86b69e6',
    scope: 'Microsoft.KeyVault/vaults/secrets',
  },
  'Communication and Email Service Owner': {
    id: '09976791-48a7-449e-bb21-39d1a415f350',
    scope: 'Microsoft.Communication/communicationServices',
  },
};

/** The app's identity has exactly the roles it needs, each on the narrowest scope that works. */
export function checkRoleAssignments(deployment: Deployment): string[] {
  const keyless = deployment.parameters['keyless'] === true;
  const unneeded = keyless ? 'Key Vault Secrets User' : 'Communication and Email Service Owner';
  const needed = Object.entries(roles).filter(([name]) => name !== unneeded);
  const assignments = ofType(deployment, 'Microsoft.Authorization/roleAssignments');
  const assigns = (assignment: Resource, { id, scope }: { id: string; scope: string }) =>
    roleId(assignment) === id && scopeType(assignment) === scope;
  return [
    ...needed
      .filter(([, role]) => !assignments.some((assignment) => assigns(assignment, role)))
      .map(([name, { id, scope }]) => `role ${name} (${id}) on ${scope} is missing`),
    ...assignments
      .filter((assignment) => !needed.some(([, role]) => assigns(assignment, role)))
      .map((assignment) => `role ${roleId(assignment)} on ${scopeType(assignment)} is not needed: remove it`),
    ...assignments
      .filter((assignment) => property(assignment, 'principalType') !== 'ServicePrincipal')
      .map(
        (assignment) =>
          `${label(assignment)}: principalType must be ServicePrincipal, or Azure may not find a new identity`,
      ),
  ];
}

function roleId(assignment: Resource): string {
  return String(property(assignment, 'roleDefinitionId')).split('/').at(-1) ?? '';
}
