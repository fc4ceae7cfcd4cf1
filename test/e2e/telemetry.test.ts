import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { createCertificates } from '../../local/certificates.ts';
import { listen, type Listener } from '../../local/emulator/listen.ts';
import { type LocalService, type LocalServiceOptions, startLocalService } from '../../local/localService.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

let folder: string;
let service: LocalService | undefined;
let logs: string[];
const servers: Listener[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'telemetry-test-'));
  logs = [];
});
afterEach(async () => {
  await service?.stop();
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await rm(folder, { recursive: true });
});

/** Serves a copy of the given files only. */
async function serve(files: string[], settings: LocalServiceOptions['settings']): Promise<LocalService> {
  for (const path of files) await cp(path, join(folder, path), { recursive: true });
  service = await startLocalService({
    app: folder,
    port: 0,
    settings: settings ?? (() => ({})),
    onLog: (line) => logs.push(line),
  });
  return service;
}

function createUser({ url }: LocalService): Promise<Response> {
  return fetch(`${url}/api/users?scope=chat`, {
    method: 'POST',
    headers: { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-00` },
  });
}

test('the bundle of the telemetry is not loaded by default', async () => {
  const copy = await serve(['host.json', 'package.json', 'dist/main.cjs'], undefined);

  const { status } = await createUser(copy);

  expect(status).toBe(201);
  expect(logs.join('\n')).not.toContain('Telemetry');
});

test('a bundle that cannot be loaded is logged, and requests are served', async () => {
  const copy = await serve(['host.json', 'package.json', 'dist/main.cjs'], () => ({
    TELEMETRY: 'azure-monitor',
    APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=00000000-0000-0000-0000-000000000000',
  }));

  const { status } = await createUser(copy);

  expect(status).toBe(201);
  expect(logs.join('\n')).toContain('Telemetry is off: Azure Monitor could not be loaded.');
});

test('TELEMETRY=azure-monitor sends traces and metrics to Application Insights, and no secret', async () => {
  const ingestion = await startIngestion();
  const copy = await serve(['host.json', 'package.json', 'dist'], ({ ca }) => {
    const trusted = join(folder, 'ca.pem');
    writeFileSync(trusted, `${ca}\n${ingestion.ca}`);
    return {
      TELEMETRY: 'azure-monitor',
      APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=${randomUUID()};IngestionEndpoint=${ingestion.url}`,
      NODE_EXTRA_CA_CERTS: trusted,
      WEBSITE_SITE_NAME: 'func-test',
      FUNCTIONS_EXTENSION_VERSION: '~4',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
    };
  });

  const response = await createUser(copy);
  const { token, user } = (await response.json()) as { token: string; user: { communicationUserId: string } };
  const sent = await ingestion.receives(['GET /secrets/{name}', 'POST /identities', 'token_service.tokens']);

  const spans = sent.filter(({ name }) => name.endsWith('.RemoteDependency'));
  const request = spans.find(({ data }) => data.baseData.name === 'createUser');
  expect(request?.data.baseData.type).toBe('InProc');
  const inTrace = spans.filter(({ tags }) => tags['ai.operation.id'] === TRACE_ID);
  const children = inTrace.filter((span) => span !== request);
  expect(children.map(({ data }) => data.baseData.name)).toEqual(['POST /identities']);
  for (const { tags } of children) expect(tags['ai.operation.parentId']).toBe(request?.data.baseData.id);
  for (const { tags } of spans) expect(tags['ai.cloud.role']).toBe('func-test');
  expect(ingestion.senders).toEqual(new Set([copy.azure.identity.clientId]));
  const text = JSON.stringify(sent);
  const keys = [copy.azure.acs.accessKeys.base64('primary'), copy.azure.acs.accessKeys.base64('secondary')];
  for (const secret of [
    ...keys,
    token,
    'eyJ',
    user.communicationUserId,
    copy.azure.identity.env().IDENTITY_HEADER,
  ]) {
    expect(text).not.toContain(secret);
  }
  expect(logs.filter((line) => /telemetry|monitor/i.test(line))).toEqual([]);
});

interface Envelope {
  name: string;
  tags: Record<string, string>;
  data: { baseData: { name?: string; id?: string; type?: string } };
}

interface Ingestion extends Listener {
  ca: string;
  /** The client ids in the bearer tokens. */
  senders: Set<unknown>;
  /** Everything received, once it contains all the texts. */
  receives(texts: string[]): Promise<Envelope[]>;
}

/** Receives what is sent to Application Insights. */
async function startIngestion(): Promise<Ingestion> {
  const { ca, server } = await createCertificates();
  const received: Envelope[] = [];
  const senders = new Set<unknown>();
  const arrivals = new EventEmitter();
  const listener = await listen(
    (request, response) => {
      void buffer(request).then((body) => {
        const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
        const envelopes = JSON.parse(bytes.toString()) as Envelope[];
        received.push(...envelopes);
        const { appid, aud } = decodeJwt(request.headers.authorization?.replace('Bearer ', '') ?? '');
        senders.add(aud === 'https://monitor.azure.com' ? appid : undefined);
        const accepted = { itemsReceived: envelopes.length, itemsAccepted: envelopes.length, errors: [] };
        response.setHeader('Content-Type', 'application/json').end(JSON.stringify(accepted));
        arrivals.emit('arrival');
      });
    },
    { certificate: server },
  );
  servers.push(listener);
  return {
    ...listener,
    ca,
    senders,
    async receives(texts) {
      while (!texts.every((text) => JSON.stringify(received).includes(text))) await once(arrivals, 'arrival');
      return received;
    },
  };
}
