import { type OidcProvider, startOidcProvider } from './oidc/startOidcProvider.ts';
import { type StorageEmulator, startStorageEmulator } from './storage/startStorageEmulator.ts';

const AUDIENCE = 'api://acs-token-service';
const TABLE = 'users';

/** The user directory that signed-in callers require. */
export interface LocalDirectory {
  storage: StorageEmulator;
  /** The settings that make the service use it. */
  env(): Record<string, string>;
  close(): Promise<void>;
}

/** The identity provider and the user directory that signed-in callers require. */
export interface SignIn extends LocalDirectory {
  provider: OidcProvider;
}

interface SignInOptions {
  /** The port of the identity provider; 0 takes a free port. */
  port?: number;
  /** Ends both when it aborts. */
  signal?: AbortSignal | undefined;
}

/** Starts the identity provider and the user directory. */
export async function startSignIn({ port = 0, signal }: SignInOptions = {}): Promise<SignIn> {
  const [provider, directory] = await Promise.all([
    startOidcProvider({ audience: AUDIENCE, port, signal }),
    startDirectory(signal),
  ]);
  return {
    ...directory,
    provider,
    env: () => ({
      ...directory.env(),
      OIDC_ISSUER: provider.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_REQUIRED_SCOPE: 'tokens',
    }),
    async close() {
      await Promise.all([provider.stop(), directory.close()]);
    },
  };
}

/** Starts the user directory, for an identity provider that runs elsewhere. */
export async function startDirectory(signal?: AbortSignal): Promise<LocalDirectory> {
  const storage = await startStorageEmulator({ signal });
  await storage.createTable(TABLE);
  return {
    storage,
    env: () => ({
      CALLER_AUTH: 'oidc',
      USER_TABLE_CONNECTION_STRING: storage.connectionString,
      USER_TABLE_NAME: TABLE,
    }),
    close: () => storage.stop(),
  };
}
