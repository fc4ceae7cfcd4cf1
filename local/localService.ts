import { type LocalAzure, type LocalVault, startLocalAzure, startLocalVault } from './localAzure.ts';
import { startCoreTools } from './coreTools.ts';
import { type FunctionsHostOptions, startFunctionsHost } from './functionsHost/startFunctionsHost.ts';
import type { ServiceHost } from './serviceHost.ts';
import { type LocalDirectory, type SignIn, startDirectory, startSignIn } from './signIn.ts';

/** How to run the service. */
export interface LocalServiceOptions<Azure extends LocalVault = LocalAzure> {
  /** The folder of host.json and the built bundle. */
  app: string;
  port?: number;
  enableAuth?: boolean;
  host?: 'embedded' | 'func';
  callers?: 'function-key' | 'oidc';
  /** The identity provider that signs callers in; a local one by default. */
  issuer?: { url: string; audience: string } | undefined;
  /** The port of the local identity provider; 0, the default, takes a free port. */
  oidcPort?: number;
  /** One line for each request in the log. */
  compactLog?: boolean;
  /** Additional settings. They override those of the emulators. */
  settings?: (azure: Azure) => Record<string, string>;
  /** Receives the app's environment before the app starts. What it throws stops the start. */
  onEnvironment?: (environment: NodeJS.ProcessEnv) => void;
  onLog?: (line: string) => void;
  onProgress?: (step: string) => void;
  /** Stops everything when it aborts; a start that is under way rejects. */
  signal?: AbortSignal | undefined;
}

/** The running service and its emulators. */
export interface LocalService<Azure extends LocalVault = LocalAzure> extends ServiceHost {
  azure: Azure;
  /** Present with `callers: 'oidc'` and the local identity provider. */
  signIn: SignIn | undefined;
}

/** Starts the emulators in this process and the built bundle in a Functions host. Everything listens on loopback. */
export async function startLocalService(options: LocalServiceOptions): Promise<LocalService> {
  options.onProgress?.('Starting the emulators of Communication Services, Key Vault and managed identity');
  return startOn(await startLocalAzure(), options);
}

/** The same with a real Communication Services resource instead of its emulator. */
export async function startLocalServiceWith(
  connectionString: string,
  options: LocalServiceOptions<LocalVault>,
): Promise<LocalService<LocalVault>> {
  options.onProgress?.('Starting the emulators of Key Vault and managed identity');
  return startOn(await startLocalVault(connectionString), options);
}

async function startOn<Azure extends LocalVault>(
  azure: Azure,
  {
    app,
    port = 7071,
    enableAuth = false,
    host = 'embedded',
    callers = 'function-key',
    issuer,
    oidcPort = 0,
    compactLog = false,
    settings = () => ({}),
    onEnvironment,
    onLog = () => undefined,
    onProgress = () => undefined,
    signal,
  }: LocalServiceOptions<Azure>,
): Promise<LocalService<Azure>> {
  let signIn: SignIn | undefined;
  let directory: LocalDirectory | undefined;
  try {
    signal?.throwIfAborted();
    if (callers === 'oidc' && issuer !== undefined) {
      onProgress('Starting the storage emulator');
      directory = await startDirectory(signal);
    } else if (callers === 'oidc') {
      onProgress('Starting the OpenID Connect provider and the storage emulator');
      signIn = await startSignIn({ port: oidcPort, signal });
      directory = signIn;
    }
    const env = {
      ...appEnvironment(azure),
      ...directory?.env(),
      ...(issuer && { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: issuer.audience }),
      ...settings(azure),
    };
    onEnvironment?.(env);
    signal?.throwIfAborted();
    onProgress(host === 'func' ? 'Starting Azure Functions Core Tools' : 'Starting the Functions host');
    const start = host === 'func' ? startCoreTools : startEmbeddedHost;
    const console = { controlUrl: azure.controlUrl, sampleUsersUrl: signIn?.provider.issuer };
    const running = await start({ app, port, enableAuth, compactLog, console, env, onLog, signal });
    return {
      ...running,
      azure,
      signIn,
      async stop() {
        await running.stop();
        await Promise.all([azure.close(), directory?.close()]);
      },
    };
  } catch (error) {
    await Promise.all([azure.close(), directory?.close()]);
    throw error;
  }
}

async function startEmbeddedHost(options: FunctionsHostOptions): Promise<ServiceHost> {
  const host = await startFunctionsHost({ ...options, allowLocalPages: true });
  return { url: host.url, listing: host, exited: host.exited, stop: () => host.stop() };
}

/** This process's environment, with every setting that selects an Azure service pointing to the emulators. */
function appEnvironment(azure: LocalVault): NodeJS.ProcessEnv {
  const environment = { ...process.env };
  // The vault emulator holds it. The app reads no connection string from its environment.
  delete environment['ACS_CONNECTION_STRING'];
  return { ...environment, ACS_ENDPOINT: '', CALLER_AUTH: 'function-key', ...azure.env() };
}
