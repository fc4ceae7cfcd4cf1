import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { type Certificates, createCertificates } from '../../local/certificates.ts';
import { listen, type Listener } from '../../local/emulator/listen.ts';

let certificates: Certificates;
let server: Listener;
let folder: string;

beforeAll(async () => {
  certificates = await createCertificates();
  server = await listen((_request, response) => response.end('trusted'), {
    certificate: certificates.server,
  });
  folder = await mkdtemp(join(tmpdir(), 'certificates-'));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** Fetches the URL in a new Node process. Returns the body, or the code of the error. */
async function fetchInChild(url: string, env: Record<string, string>): Promise<string> {
  const script = `fetch('${url}').then(async (response) => console.log(await response.text()), (error) => console.log(error.cause.code))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env });
  return stdout.trim();
}

test('makes a child process trust the server through NODE_EXTRA_CA_CERTS', async () => {
  const file = join(folder, 'ca.pem');
  await writeFile(file, certificates.ca);

  const results = await Promise.all([
    fetchInChild(server.url, { NODE_EXTRA_CA_CERTS: file }),
    fetchInChild(server.url, {}),
  ]);

  expect(results).toEqual(['trusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']);
});

test('makes this process trust the server through setDefaultCACertificates', async () => {
  const before = tls.getCACertificates();
  tls.setDefaultCACertificates([...before, certificates.ca]);

  const response = await fetch(server.url).finally(() => {
    tls.setDefaultCACertificates(before);
  });

  expect(await response.text()).toBe('trusted');
});
