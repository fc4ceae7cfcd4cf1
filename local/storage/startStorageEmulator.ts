import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TableClient } from '@azure/data-tables';

// Azurite's public default account: not a secret.
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const MAX_ATTEMPTS = 5;

/** A running storage emulator. */
export interface StorageEmulator {
  connectionString: string;
  createTable(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Azurite's table service on loopback, in memory, in a child process. */
export async function startStorageEmulator({
  signal,
  tls,
  attempts = MAX_ATTEMPTS,
}: {
  /** Ends the emulator when it aborts. */
  signal?: AbortSignal | undefined;
  /** The files of a server certificate. With them the emulator uses HTTPS and accepts Microsoft Entra tokens. */
  tls?: { certFile: string; keyFile: string } | undefined;
  attempts?: number;
} = {}): Promise<StorageEmulator> {
  const port = await findFreePort();
  const child = fork(
    join(import.meta.dirname, 'storageProcess.ts'),
    [
      ...[
        '--tableHost',
        '127.0.0.1',
        '--tablePort',
        String(port),
        '--inMemoryPersistence',
        '--disableTelemetry',
      ],
      ...(tls ? ['--cert', tls.certFile, '--key', tls.keyFile, '--oauth', 'basic'] : []),
    ],
    { execArgv: [], stdio: ['ignore', 'pipe', 'ignore', 'ipc'], signal },
  );
  child.on('error', () => undefined);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  if (!(await isListening(child))) {
    signal?.throwIfAborted();
    // Another process may have taken the port.
    if (attempts > 1) return startStorageEmulator({ signal, tls, attempts: attempts - 1 });
    throw new Error('The storage emulator did not start.');
  }
  const protocol = tls ? 'https' : 'http';
  const connectionString = `DefaultEndpointsProtocol=${protocol};AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY};TableEndpoint=${protocol}://127.0.0.1:${port}/${ACCOUNT};`;
  return {
    connectionString,
    async createTable(name) {
      const options = { allowInsecureConnection: true };
      await TableClient.fromConnectionString(connectionString, name, options).createTable();
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** Whether Azurite reports that it is listening before it exits. Keeps reading its output. */
function isListening(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve(false);
    });
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('successfully')) resolve(true);
    });
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
