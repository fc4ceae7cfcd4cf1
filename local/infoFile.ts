import { rm, writeFile } from 'node:fs/promises';
import type { LocalService } from './localService.ts';

/** Writes every URL, key and connection string of a local service to a JSON file that only its owner can read. */
export async function writeInfoFile(
  path: string,
  { url, listing, azure, signIn }: LocalService,
): Promise<void> {
  const info = {
    url: `${url}/api`,
    functionKey: listing?.functionKey,
    masterKey: listing?.masterKey,
    functions: listing?.functions,
    control: azure.controlUrl,
    acs: {
      url: azure.acs.url,
      secureUrl: azure.acs.secureUrl,
      connectionStrings: {
        primary: azure.acs.connectionString('primary'),
        secondary: azure.acs.connectionString('secondary'),
      },
    },
    vault: { url: azure.vault.url },
    identity: azure.identity.env(),
    caFile: azure.caFile,
    signIn: signIn && { issuer: signIn.provider.issuer, audience: signIn.provider.audience },
    env: { ...azure.env(), ...signIn?.env() },
  };
  await rm(path, { force: true });
  await writeFile(path, `${JSON.stringify(info, undefined, 2)}\n`, { mode: 0o600 });
}
