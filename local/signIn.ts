import { type OidcProvider, startOidcProvider } from './oidc/startOidcProvider.ts';
import { type StorageEmulator, startStorageEmulator } from './storage/startStorageEmulator.ts';

const AUDIENCE = 'api://acs-token-service';
const TABLE = 'users';

/** The identity provider and the user directory that signed-in callers require. */
export interface SignIn {
  provider: OidcProvider;
  storage: StorageEmulator;
  /** The settings that make the service use them. */
  env(): Record<string, string>;
  close(): Promise<void>;
}

/** Starts the identity provider and the user directory. */
export async function startSignIn(signal?: AbortSignal): Promise<SignIn> {
  const [provider, storage] = await Promise.all([
    startOidcProvider({ audience: AUDIENCE, signal }),
    startStorageEmulator({ signal }),
  ]);
  await storage.createTable(TABLE);
  return {
    provider,
    storage,
    env: () => ({
      CALLER_AUTH: 'oidc',
      OIDC_ISSUER: provider.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_REQUIRED_SCOPE: 'tokens',
      USER_TABLE_CONNECTION_STRING: storage.connectionString,
      USER_TABLE_NAME: TABLE,
    }),
    async close() {
      await Promise.all([provider.stop(), storage.stop()]);
    },
  };
}
