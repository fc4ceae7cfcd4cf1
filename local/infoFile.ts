import { rm, writeFile } from 'node:fs/promises';
import type { AcsEmulator } from './acs/acsEmulator.ts';
import type { LocalAzure, LocalVault } from './localAzure.ts';
import type { LocalService } from './localService.ts';

/** Writes every URL, key and connection string of a local service to a JSON file that only its owner can read. */
export async function writeInfoFile(
  path: string,
  { url, listing, azure, signIn }: LocalService<LocalVault>,
): Promise<void> {
  const info = {
    url: `${url}/api`,
    functionKey: listing?.functionKey,
    masterKey: listing?.masterKey,
    functions: listing?.functions,
    control: azure.controlUrl,
    acs: isEmulated(azure) ? acsInfo(azure.acs) : undefined,
    vault: { url: azure.vault.url },
    identity: azure.identity.env(),
    caFile: azure.caFile,
    signIn: signIn && { issuer: signIn.provider.issuer, audience: signIn.provider.audience },
    env: { ...azure.env(), ...signIn?.env() },
  };
  await rm(path, { force: true });
  await writeFile(path, `${JSON.stringify(info, undefined, 2)}\n`, { mode: 0o600 });
}

/** The connection string of a real resource stays out of the file. */
function isEmulated(azure: LocalVault): azure is LocalAzure {
  return 'acs' in azure;
}

function acsInfo(acs: AcsEmulator) {
  return {
    url: acs.url,
    secureUrl: acs.secureUrl,
    connectionStrings: {
      primary: acs.connectionString('primary'),
      secondary: acs.connectionString('secondary'),
    },
  };
}
