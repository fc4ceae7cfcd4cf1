import { readFile } from 'node:fs/promises';
import { CommandError } from '../../../tools/commandLine.ts';
import type { AcsEmulator } from '../../../local/acs/acsEmulator.ts';
import type { VaultEmulator } from '../../../local/vault/vaultEmulator.ts';
import type { AzureCli } from '../../../tools/rotate-key/azureCli.ts';
import type { KeyName } from '../../../tools/rotate-key/secret.ts';

const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rehearsal/providers';
const SECRET_NAME = 'acs-connection-string';

export interface Resource {
  id: string;
  name: string;
  type: string;
  kind: string | null;
}

export const resource = (type: string, name: string, kind: string | null = null): Resource => ({
  id: `${GROUP}/${type}/${name}`,
  name,
  type,
  kind,
});

/** Values by option name. */
type Options = Map<string, string[]>;

interface Command {
  /** The whole command line. `*` is any value, `…` any number of values. */
  line: string;
  answer: (options: Options, input: string) => unknown;
}

/**
 * Runs the `az` commands of a rotation against the emulators, and rejects every other command, option and value.
 * Holds what Resource Manager holds: the tags of the secret and the time it was written.
 */
export class AzureAccount {
  resources = [
    resource('Microsoft.Web/sites', 'func-rehearsal', 'functionapp,linux'),
    resource('Microsoft.KeyVault/vaults', 'kv-rehearsal'),
    resource('Microsoft.Communication/communicationServices', 'acs-rehearsal'),
  ];
  settings: Record<string, string> = { KEY_VAULT_URI: 'https://kv-rehearsal.vault.azure.net/' };
  host = 'func-rehearsal.azurewebsites.net';
  functionKeys: Record<string, string> = {};
  tags: Record<string, string> | null = { activeKey: 'primary' };
  updated = new Date(0);
  runningDeployments: string[] = [];
  /** The changes, in order. */
  changes: string[] = [];
  /** Every access key so far. */
  readonly keys = new Set<string>();
  /** Runs before and after each change. When it throws, az fails at that point. */
  onChange: (change: string, when: 'before' | 'after') => Promise<void> | void = () => undefined;

  readonly #acs: Pick<AcsEmulator, 'accessKeys' | 'connectionString'>;
  readonly #vault: Pick<VaultEmulator, 'setSecret'>;
  #secret: string;

  constructor({ acs, vault }: { acs: AcsEmulator; vault: VaultEmulator }) {
    this.#acs = acs;
    this.#vault = vault;
    this.#secret = acs.connectionString('primary');
    this.#noteKeys();
  }

  /** Returns what `az` prints. Rejects with its error message. */
  async run(args: readonly string[], input: string): Promise<string> {
    for (const { line, answer } of this.#commands) {
      const options = match(line.split(' '), args);
      if (options !== undefined) return JSON.stringify(await answer(options, input)) + '\n';
    }
    throw new Error(`unrecognized arguments: ${args.join(' ')}`);
  }

  /** An `az` for a rotation in this process. */
  readonly cli: AzureCli = async ({ args, input = '' }) => {
    try {
      return await this.run(args, input);
    } catch (error) {
      throw new CommandError(String(error));
    }
  };

  readonly #commands: Command[] = [
    {
      line: 'resource list --resource-group rehearsal --query [].{id:id,name:name,type:type,kind:kind} --output json',
      answer: () => this.resources,
    },
    {
      line: 'functionapp config appsettings list --resource-group rehearsal --name func-rehearsal --query * --output json',
      answer: (options) => {
        const query = options.get('--query')?.[0] ?? '';
        const names = /^\[\?contains\(\[(?<names>['\w,]+)\],name\)\]\.\{name:name,value:value\}$/.exec(query);
        if (names?.groups === undefined) throw new Error(`invalid jmespath_type value: ${query}`);
        const wanted = names.groups['names']?.split(',').map((name) => name.slice(1, -1)) ?? [];
        return Object.entries(this.settings)
          .filter(([name]) => wanted.includes(name))
          .map(([name, value]) => ({ name, value }));
      },
    },
    {
      line: `rest --method get --url ${GROUP}/Microsoft.Web/sites/func-rehearsal?api-version=2025-03-01 --query properties.defaultHostName --output json`,
      answer: () => this.host,
    },
    {
      line: `rest --method post --url ${GROUP}/Microsoft.Web/sites/func-rehearsal/host/default/listkeys?api-version=2025-03-01 --query functionKeys --output json`,
      answer: () => this.functionKeys,
    },
    {
      line: `rest --method get --url ${GROUP}/Microsoft.KeyVault/vaults/kv-rehearsal/secrets/${SECRET_NAME}?api-version=2026-02-01 --query {tags:tags,updated:properties.attributes.updated} --output json`,
      answer: () => ({ tags: this.tags, updated: Math.floor(this.updated.getTime() / 1000) }),
    },
    {
      line: 'deployment group list --resource-group rehearsal --filter * --query [].name --output json',
      answer: (options) => {
        const filter = options.get('--filter')?.[0];
        if (filter !== "provisioningState eq 'Running'") throw new Error(`InvalidFilter: ${filter ?? ''}`);
        return this.runningDeployments;
      },
    },
    {
      line: `rest --method post --url ${GROUP}/Microsoft.Communication/communicationServices/acs-rehearsal/regenerateKey?api-version=2026-03-18 --body @- --output none`,
      answer: (_, input) => this.#regenerateKeyCommand(input),
    },
    {
      line: 'deployment group create --resource-group rehearsal --name rotate-key --template-file * --parameters … --output none',
      answer: (options) => this.#writeSecretCommand(options),
    },
  ];

  async #regenerateKeyCommand(input: string): Promise<unknown> {
    const key = ({ '{"keyType":"Primary"}': 'primary', '{"keyType":"Secondary"}': 'secondary' } as const)[
      input
    ];
    if (key === undefined) throw new Error(`Bad Request: ${input}`);
    await this.#change(`regenerate ${key}`, () => {
      this.#acs.accessKeys.regenerate(key);
      this.#noteKeys();
    });
    // Returned in spite of --output none: the script must not print it.
    return {
      primaryConnectionString: this.#acs.connectionString('primary'),
      secondaryConnectionString: this.#acs.connectionString('secondary'),
    };
  }

  async #writeSecretCommand(options: Options): Promise<undefined> {
    const parameters = Object.fromEntries(
      (options.get('--parameters') ?? []).map((one) => one.split('=') as [string, string]),
    );
    await checkParameters(options.get('--template-file')?.[0] ?? '', Object.keys(parameters));
    const { vaultName, communicationServiceName, secretName, activeKey, retiringKey } = parameters;
    const known =
      vaultName === 'kv-rehearsal' &&
      communicationServiceName === 'acs-rehearsal' &&
      secretName === SECRET_NAME &&
      isKeyName(activeKey) &&
      (retiringKey === undefined || isKeyName(retiringKey));
    if (!known) throw new Error('InvalidTemplate');
    await this.#change(
      `write ${activeKey}${retiringKey === undefined ? '' : `, ${retiringKey} retiring`}`,
      () => {
        this.tags = { activeKey, ...(retiringKey === undefined ? {} : { retiringKey }) };
        this.updated = new Date();
        const value = this.#acs.connectionString(activeKey);
        // As in Azure, the same value creates no new version.
        if (value !== this.#secret) this.#vault.setSecret(SECRET_NAME, value);
        this.#secret = value;
      },
    );
  }

  async #change(change: string, make: () => void): Promise<void> {
    await this.onChange(change, 'before');
    make();
    this.changes.push(change);
    await this.onChange(change, 'after');
  }

  #noteKeys(): void {
    for (const name of ['primary', 'secondary'] as const) this.keys.add(this.#acs.accessKeys.base64(name));
  }
}

/** Rejects parameters that the template does not declare, and missing ones that have no default. */
async function checkParameters(templateFile: string, given: string[]): Promise<void> {
  const template = await readFile(templateFile, 'utf8');
  const declared = [...template.matchAll(/^param (?<name>\w+) [^=\n]*(?<fallback>=)?/gm)].map(
    ({ groups }) => groups,
  );
  const names = declared.map((parameter) => parameter?.['name']);
  const missing = declared.filter(
    (one) => one?.['fallback'] === undefined && !given.includes(one?.['name'] ?? ''),
  );
  if (missing.length > 0 || !given.every((name) => names.includes(name))) throw new Error('InvalidTemplate');
}

function isKeyName(text: string | undefined): text is KeyName {
  return text === 'primary' || text === 'secondary';
}

/** The options, when the arguments match the line exactly. */
function match(line: readonly string[], args: readonly string[]): Options | undefined {
  const options: Options = new Map();
  let option: string | undefined;
  let at = 0;
  for (const word of line) {
    if (word.startsWith('--')) option = word;
    const many = word === '…';
    do {
      const arg = args[at];
      const fits = word === arg || ((word === '*' || many) && arg !== undefined && !arg.startsWith('--'));
      if (!fits) return undefined;
      if (option !== undefined && arg !== option) options.set(option, [...(options.get(option) ?? []), arg]);
      at += 1;
    } while (many && args[at]?.startsWith('--') === false);
  }
  return at === args.length ? options : undefined;
}
