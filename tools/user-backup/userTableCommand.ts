import { parseArgs } from 'node:util';
import type { TableClient } from '@azure/data-tables';
import { isRestError } from '@azure/core-rest-pipeline';
import { stopSignal } from '../../local/stopSignal.ts';
import { azureCredential } from '../../shared/azure/credential.ts';
import { azureUrl, emulatorConnectionString, tableName } from '../../shared/config.ts';
import { userTable, type UserTableSettings } from '../../shared/users/userTable.ts';
import { CommandError, readCommandLine, runCommand } from '../commandLine.ts';

const SDK_RETRIES = 3;

/** The options of backup-users and restore-users. */
const config = {
  'table-endpoint': { type: 'string' },
  'connection-string': { type: 'string' },
  table: { type: 'string', default: 'users' },
  help: { type: 'boolean', default: false },
} as const;

export const optionsUsage = `
  --table-endpoint URL      such as https://<account>.table.core.windows.net/; requires the Azure CLI,
                            logged in
  --table NAME              default: users
  --connection-string TEXT  the storage emulator on this machine, instead of --table-endpoint
  --help                    show this help
`;

interface TableOptions {
  'table-endpoint'?: string;
  'connection-string'?: string;
  table: string;
}

/** Reads the command line of both commands: which table, and which file. */
export function readUserTableCommand(usage: string): { table: UserTableSettings; file: string } {
  return readCommandLine(usage, () => {
    const { values, positionals } = parseArgs({ options: config, allowPositionals: true });
    if (values.help) return { help: true, table: { name: '', connectionString: '' }, file: '' };
    const [file, unexpected] = positionals;
    if (file === undefined) throw new RangeError('The name of the file is required');
    if (unexpected !== undefined) throw new RangeError(`Unexpected argument '${unexpected}'`);
    return { help: false, table: readTable(values), file };
  });
}

/** Runs a command on the user table. Ctrl-C ends it; the message says that it can be continued. */
export async function runWithUserTable(
  settings: UserTableSettings,
  run: (table: TableClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = stopSignal();
  const credential = azureCredential({ managed: false, clientId: undefined });
  await runCommand(async () => {
    try {
      await run(userTable(settings, credential, { sdkRetries: SDK_RETRIES }), signal);
    } catch (error) {
      if (signal.aborted) {
        throw new CommandError('Interrupted. Run the same command again to continue.', 130);
      }
      throw explain(error, settings);
    }
  });
}

function readTable(options: TableOptions): UserTableSettings {
  const { table: name, 'table-endpoint': endpoint, 'connection-string': connectionString } = options;
  if (!tableName.safeParse(name).success) {
    throw new RangeError('--table must have 3 to 63 letters and digits, the first a letter');
  }
  if ((endpoint === undefined) === (connectionString === undefined)) {
    throw new RangeError('--table-endpoint is required, or --connection-string for the storage emulator');
  }
  if (connectionString !== undefined) {
    if (emulatorConnectionString.safeParse(connectionString).success) return { name, connectionString };
    throw new RangeError(
      '--connection-string must name the storage emulator on loopback, with DefaultEndpointsProtocol, AccountName and AccountKey. In Azure, use --table-endpoint',
    );
  }
  const { data } = azureUrl.safeParse(endpoint);
  if (data !== undefined) return { name, endpoint: data };
  throw new RangeError(
    '--table-endpoint must be an https URL without a path, such as https://<account>.table.core.windows.net/',
  );
}

function explain(error: unknown, { name }: UserTableSettings): unknown {
  if (error instanceof Error && error.name === 'CredentialUnavailableError') {
    const { cause } = error;
    return new CommandError(
      `The Azure CLI returned no token${cause instanceof Error ? `: ${cause.message}` : '.'} Run az login, then the same command again.`,
    );
  }
  if (!isRestError(error)) return error;
  const { statusCode, code, message } = error;
  if (statusCode === 401 || statusCode === 403) {
    return new CommandError(
      `The table denied access (${code ?? message}). Check that you have the role Storage Table Data Reader (to restore: Contributor) on the table, and that the firewall of the storage account admits this machine.`,
    );
  }
  if (code === 'TableNotFound') {
    return new CommandError(
      `The table ${name} does not exist. Deploy the templates first, or correct --table.`,
    );
  }
  return new CommandError(`The table failed: ${code ?? message}. Run the same command again to continue.`);
}
