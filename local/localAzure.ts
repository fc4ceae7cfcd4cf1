import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AcsEmulator, startAcsEmulator } from './acs/acsEmulator.ts';
import { createCertificates } from './certificates.ts';
import { startControl } from './control/control.ts';
import type { Emulator } from './emulator/emulator.ts';
import type { ServerCertificate } from './emulator/listen.ts';
import {
  type ManagedIdentityEmulator,
  startManagedIdentityEmulator,
} from './managedIdentity/managedIdentityEmulator.ts';
import { startVaultEmulator, type VaultEmulator } from './vault/vaultEmulator.ts';

const SECRET_NAME = 'acs-connection-string';

/** The running emulators of Key Vault and managed identity, in this process. */
export interface LocalVault {
  vault: VaultEmulator;
  identity: ManagedIdentityEmulator;
  controlUrl: string;
  /** The certificate authority of the emulators, PEM. */
  ca: string;
  /** The file with `ca`, for NODE_EXTRA_CA_CERTS. */
  caFile: string;
  /** The app's environment variables: settings and managed identity. */
  env(): Record<string, string>;
  close(): Promise<void>;
}

/** The running emulators of every Azure service that the token service needs. */
export interface LocalAzure extends LocalVault {
  acs: AcsEmulator;
}

/** Starts the emulators. The vault contains the connection string of the ACS emulator. */
export async function startLocalAzure(): Promise<LocalAzure> {
  let acs: AcsEmulator | undefined;
  const vault = await start(async (certificate, identity) => {
    acs = await startAcsEmulator({
      certificate,
      bearer: (token) => identity.accepts(token, 'https://communication.azure.com/'),
    });
    return { connectionString: acs.connectionString(), emulators: [acs] };
  });
  if (acs === undefined) throw new Error('The ACS emulator did not start.');
  return { ...vault, acs };
}

/** Starts the emulators without one of ACS: the vault contains the connection string of a real resource. */
export function startLocalVault(connectionString: string): Promise<LocalVault> {
  return start(() => Promise.resolve({ connectionString, emulators: [] }));
}

async function start(
  connect: (
    certificate: ServerCertificate,
    identity: ManagedIdentityEmulator,
  ) => Promise<{ connectionString: string; emulators: Emulator[] }>,
): Promise<LocalVault> {
  const { ca, server: certificate } = await createCertificates();
  const identity = await startManagedIdentityEmulator();
  const vault = await startVaultEmulator({
    certificate,
    accepts: (bearer) => identity.accepts(bearer, 'https://vault.azure.net'),
  });
  const { connectionString, emulators } = await connect(certificate, identity);
  vault.setSecret(SECRET_NAME, connectionString);
  const all = [...emulators, vault, identity];
  const control = await startControl(all);
  const folder = await mkdtemp(join(tmpdir(), 'acs-token-service-'));
  const caFile = join(folder, 'ca.pem');
  // The file replaces the one that this process trusts, so it must hold those certificates too.
  const alsoTrusted = process.env['NODE_EXTRA_CA_CERTS'];
  await writeFile(caFile, alsoTrusted ? `${ca}\n${await readFile(alsoTrusted, 'utf8').catch(() => '')}` : ca);

  return {
    vault,
    identity,
    controlUrl: control.url,
    ca,
    caFile,
    env: () => ({
      KEY_VAULT_URI: vault.url,
      ACS_CONNECTION_STRING_SECRET: SECRET_NAME,
      AZURE_CLIENT_ID: identity.clientId,
      ...identity.env(),
      NODE_EXTRA_CA_CERTS: caFile,
    }),
    async close() {
      await Promise.all([control.close(), ...all.map((emulator) => emulator.close())]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
