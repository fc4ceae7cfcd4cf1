import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { type Certificates, createCertificates } from '../../local/certificates.ts';
import { listen, type Listener } from '../../local/emulator/listen.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

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

/** What a new Node process gets from the server, or the code of its error. */
async function fetchInChild(url: string, env: Record<string, string>): Promise<string> {
  const script = `fetch('${url}').then(async (response) => console.log(await response.text()), (error) => console.log(error.cause.code))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env });
  return stdout.trim();
}

test('the certificate is good for 127.0.0.1, ::1 and localhost', () => {
  const certificate = new X509Certificate(certificates.server.cert);

  const names = [
    certificate.checkIP('127.0.0.1'),
    certificate.checkIP('::1'),
    certificate.checkHost('localhost'),
  ];

  expect(names).toEqual(['127.0.0.1', '::1', 'localhost']);
});

test('the certificate is signed by the authority and ends within a week', () => {
  const certificate = new X509Certificate(certificates.server.cert);
  const authority = new X509Certificate(certificates.ca);

  const daysLeft = (certificate.validToDate.getTime() - Date.now()) / DAY_MS;

  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect([authority.ca, certificate.ca]).toEqual([true, false]);
  expect(daysLeft).toBeGreaterThan(6);
  expect(daysLeft).toBeLessThanOrEqual(7);
});

test('every authority is a new one', async () => {
  const another = await createCertificates();

  const signedByTheOther = new X509Certificate(another.server.cert).verify(
    new X509Certificate(certificates.ca).publicKey,
  );

  expect(signedByTheOther).toBe(false);
});

test('a child process trusts the authority through NODE_EXTRA_CA_CERTS', async () => {
  const file = join(folder, 'ca.pem');
  await writeFile(file, certificates.ca);

  const answers = await Promise.all([
    fetchInChild(server.url, { NODE_EXTRA_CA_CERTS: file }),
    fetchInChild(server.url, {}),
  ]);

  expect(answers).toEqual(['trusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']);
});

test('this process trusts the authority once it is a default one', async () => {
  const before = tls.getCACertificates();
  tls.setDefaultCACertificates([...before, certificates.ca]);

  const answer = await fetch(server.url).finally(() => {
    tls.setDefaultCACertificates(before);
  });

  expect(await answer.text()).toBe('trusted');
});
