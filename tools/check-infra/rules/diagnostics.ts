import { type Deployment, ofType, property, type Resource, scopeType } from '../expandedDeployment.ts';

const categories: Readonly<Record<string, string[]>> = {
  'Microsoft.Communication/communicationServices': ['AuthOperational'],
  'Microsoft.KeyVault/vaults': ['AuditEvent'],
  'Microsoft.Storage/storageAccounts/blobServices': ['StorageWrite', 'StorageDelete'],
  'Microsoft.Storage/storageAccounts/tableServices': ['StorageRead', 'StorageWrite', 'StorageDelete'],
};

/** Who used what is logged, by every resource that holds a secret or a user. */
export function checkDiagnostics(deployment: Deployment): string[] {
  const settings = ofType(deployment, 'Microsoft.Insights/diagnosticSettings');
  return Object.entries(categories)
    .filter(([type]) => ofType(deployment, type).length > 0)
    .flatMap(([type, expected]) =>
      expected
        .filter(
          (category) => !settings.some((setting) => scopeType(setting) === type && logs(setting, category)),
        )
        .map((category) => `${type} does not send its log ${category} to the workspace`),
    );
}

function logs(setting: Resource, category: string): boolean {
  const entries = property(setting, 'logs') as { category?: string; enabled?: boolean }[];
  return (
    typeof property(setting, 'workspaceId') === 'string' &&
    entries.some((entry) => entry.category === category && entry.enabled === true)
  );
}
