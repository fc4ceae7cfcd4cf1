import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AcsEmulator, startAcsEmulator } from './acs/acsEmulator.ts';
import { createCertificates } from './certificates.ts';
import { startControl } from './control/control.ts';
import {
  type ManagedIdentityEmulator,
  startManagedIdentityEmulator,
} from './managedIdentity/managedIdentityEmulator.ts';
import { startVaultEmulator, type VaultEmulator } from './vault/vaultEmulator.ts';

const SECRET_NAME = 'acs-connection-string';

/** The running emulators of every Azure service that the token service needs, in this process. */
export interface LocalAzure {
  acs: AcsEmulator;
  vault: VaultEmulator;
  identity: ManagedIdentityEmulator;
  controlUrl: string;
  /** The certificate authority of the vault and ACS emulators, PEM. */
  ca: string;
  /** The file with `ca`, for NODE_EXTRA_CA_CERTS. */
  caFile: string;
  /** The app's environment variables: settings and managed identity. */
  env(): Record<string, string>;
  close(): Promise<void>;
}

/** Starts the emulators. The vault contains the connection string of the ACS emulator. */
export async function startLocalAzure(): Promise<LocalAzure> {
  const { ca, server: certificate } = await createCertificates();
  const identity = await startManagedIdentityEmulator();
  const vault = await startVaultEmulator({
    certificate,
    accepts: (bearer) => identity.accepts(bearer, 'https://vault.azure.net'),
  });
  const acs = await startAcsEmulator({
    certificate,
    bearer: (token) => identity.accepts(token, 'https://communication.azure.com/'),
  });
  vault.setSecret(SECRET_NAME, acs.connectionString());
  const control = await startControl([acs, vault, identity]);
  const folder = await mkdtemp(join(tmpdir(), 'acs-token-service-'));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, ca);

  return {
    acs,
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
      await Promise.all([control.close(), acs.close(), vault.close(), identity.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
