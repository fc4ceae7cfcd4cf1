import { build } from 'esbuild';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalVault } from '../../local/localAzure.ts';
import { bundleOptions } from '../bundleOptions.ts';
import { ask, startProcess, stopProcess } from './childProcess.ts';
import type { StandInSettings } from './standIn.ts';

/** Signed-in users, each with a bearer token of its own. */
const USERS = 1000;
const AUDIENCE = 'api://token-service';

/** A function app to measure. */
export interface FunctionApp {
  /** The folder of host.json and package.json. */
  folder: string;
  env: Record<string, string>;
  /** What its callers send, in oidc mode. */
  bearers?: readonly string[];
}

export const appNames = ['empty', 'minimal', 'tutorial', 'functionKey', 'oidc'] as const;
export type AppName = (typeof appNames)[number];

/** What a benchmark measures, and the Azure side of it. */
export interface Subjects {
  apps: Record<AppName, FunctionApp>;
  /** Communication Services, as the bare request and the raw SDK need it. */
  endpoint: string;
  accessKey: string;
  /** How long Communication Services takes for a token. */
  setDelay(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** Builds the apps, and starts the stand-in and the emulators of Key Vault and managed identity. */
export async function createSubjects(): Promise<Subjects> {
  const folder = await mkdtemp(join(tmpdir(), 'acs-token-bench-'));
  const standIn = startProcess('standIn.ts');
  const endpoint = await ask<string>(standIn);
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' }];
  const setDelay = async (delayMs: number) => {
    await ask(standIn, { delayMs, keys } satisfies StandInSettings);
  };
  await setDelay(0);
  // A key of the length that Communication Services uses. The stand-in does not check it.
  const accessKey = Buffer.alloc(64, 'not a secret').toString('base64');
  const connectionString = `endpoint=${endpoint}/;accesskey=${accessKey}`;
  const vault = await startLocalVault(connectionString);

  const small = async (name: 'empty' | 'minimal' | 'tutorial'): Promise<FunctionApp> => ({
    folder: await buildApp(name, folder),
    env: { COMMUNICATION_CONNECTION_STRING: connectionString },
  });
  const service = { folder: join(import.meta.dirname, '../..'), env: { ...vault.env(), ACS_ENDPOINT: '' } };
  const bearers = await signBearers(privateKey, endpoint);
  return {
    apps: {
      empty: await small('empty'),
      minimal: await small('minimal'),
      tutorial: await small('tutorial'),
      functionKey: { ...service, env: { ...service.env, CALLER_AUTH: 'function-key' } },
      oidc: {
        ...service,
        env: {
          ...service.env,
          CALLER_AUTH: 'oidc',
          OIDC_ISSUER: endpoint,
          OIDC_AUDIENCE: AUDIENCE,
          OIDC_REQUIRED_SCOPE: 'none',
          USER_TABLE_CONNECTION_STRING: tableOf(endpoint),
          // On, but above what the generator sends for each user.
          CALLER_REQUESTS_PER_MINUTE: '1000000',
        },
        bearers,
      },
    },
    endpoint,
    accessKey,
    setDelay,
    async close() {
      await Promise.all([vault.close(), stopProcess(standIn)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function buildApp(name: string, parent: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder);
  await build({
    ...bundleOptions,
    entryPoints: [join(import.meta.dirname, 'apps', `${name}.ts`)],
    outfile: join(folder, 'main.cjs'),
  });
  await writeFile(join(folder, 'host.json'), '{ "version": "2.0" }');
  await writeFile(join(folder, 'package.json'), '{ "main": "main.cjs" }');
  return folder;
}

function signBearers(key: CryptoKey, issuer: string): Promise<string[]> {
  const sign = (_: unknown, index: number) =>
    new SignJWT({ client_id: 'app' })
      .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'at+jwt' })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject(`user-${index}`)
      .setIssuedAt()
      .setExpirationTime('4h')
      .sign(key);
  return Promise.all(Array.from({ length: USERS }, sign));
}

function tableOf(endpoint: string): string {
  const account = 'bench';
  const key = Buffer.from('not a secret').toString('base64');
  return `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};TableEndpoint=${endpoint}/${account};`;
}
