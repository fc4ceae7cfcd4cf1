import { type LocalAzure, startLocalAzure } from './localAzure.ts';
import { startCoreTools } from './coreTools.ts';
import { type FunctionsHostOptions, startFunctionsHost } from './functionsHost/startFunctionsHost.ts';
import type { ServiceHost } from './serviceHost.ts';
import { type SignIn, startSignIn } from './signIn.ts';

/** How to run the service. */
export interface LocalServiceOptions {
  /** The folder of host.json and the built bundle. */
  app: string;
  port?: number;
  enableAuth?: boolean;
  host?: 'embedded' | 'func';
  callers?: 'function-key' | 'oidc';
  /** Additional settings. They override those of the emulators. */
  settings?: (azure: LocalAzure) => Record<string, string>;
  onLog?: (line: string) => void;
  onProgress?: (step: string) => void;
  /** Stops everything when it aborts; a start that is under way rejects. */
  signal?: AbortSignal | undefined;
}

/** The running service and its emulators. */
export interface LocalService extends ServiceHost {
  azure: LocalAzure;
  /** Present with `callers: 'oidc'`. */
  signIn: SignIn | undefined;
}

/** Starts the emulators in this process and the built bundle in a Functions host. Everything listens on loopback. */
export async function startLocalService({
  app,
  port = 7071,
  enableAuth = false,
  host = 'embedded',
  callers = 'function-key',
  settings = () => ({}),
  onLog = () => undefined,
  onProgress = () => undefined,
  signal,
}: LocalServiceOptions): Promise<LocalService> {
  onProgress('Starting the emulators of Communication Services, Key Vault and managed identity');
  const azure = await startLocalAzure();
  let signIn: SignIn | undefined;
  try {
    if (callers === 'oidc') {
      onProgress('Starting the OpenID Connect provider and the storage emulator');
      signIn = await startSignIn(signal);
    }
    signal?.throwIfAborted();
    onProgress(host === 'func' ? 'Starting Azure Functions Core Tools' : 'Starting the Functions host');
    const start = host === 'func' ? startCoreTools : startEmbeddedHost;
    const env = { ...appEnvironment(azure), ...signIn?.env(), ...settings(azure) };
    const running = await start({ app, port, enableAuth, env, onLog, signal });
    return {
      ...running,
      azure,
      signIn,
      async stop() {
        await running.stop();
        await Promise.all([azure.close(), signIn?.close()]);
      },
    };
  } catch (error) {
    await Promise.all([azure.close(), signIn?.close()]);
    throw error;
  }
}

async function startEmbeddedHost(options: FunctionsHostOptions): Promise<ServiceHost> {
  const host = await startFunctionsHost(options);
  return { url: host.url, listing: host, exited: host.exited, stop: () => host.stop() };
}

/** This process's environment, with every setting that selects an Azure service pointing to the emulators. */
function appEnvironment(azure: LocalAzure): NodeJS.ProcessEnv {
  return { ...process.env, ACS_ENDPOINT: '', CALLER_AUTH: 'function-key', ...azure.env() };
}
