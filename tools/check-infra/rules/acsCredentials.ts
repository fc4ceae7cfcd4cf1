import { type Deployment, ofType, property } from '../expandedDeployment.ts';

/** Access keys are off when keyless. Otherwise the secret holds the active key, and its tag says so. */
export function checkAcsCredentials(deployment: Deployment): string[] {
  const keyless = deployment.parameters['keyless'] === true;
  const activeKey = deployment.parameters['activeKey'] === 'secondary' ? 'secondary' : 'primary';
  const services = ofType(deployment, 'Microsoft.Communication/communicationServices');
  const secrets = ofType(deployment, 'Microsoft.KeyVault/vaults/secrets');
  return [
    ...services
      .filter((service) => property(service, 'disableLocalAuth') !== keyless)
      .map(({ name }) => `${name}: disableLocalAuth must be ${keyless}, like the parameter keyless`),
    ...secrets
      .filter((secret) => !String(property(secret, 'value')).endsWith(`.${activeKey}ConnectionString]`))
      .map(({ name }) => `${name}: must hold the connection string of the ${activeKey} key`),
    ...secrets
      .filter((secret) => secret.tags?.['activeKey'] !== activeKey)
      .map(({ name }) => `${name}: the tag activeKey must be ${activeKey}; rotate-key reads it`),
  ];
}
