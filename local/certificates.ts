import { randomUUID } from 'node:crypto';
import { generate } from 'selfsigned';
import type { ServerCertificate } from './emulator/listen.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface Certificates {
  /** The authority's certificate (PEM): what a client must trust. */
  ca: string;
  /** Issued for 127.0.0.1, ::1 and localhost. */
  server: ServerCertificate;
}

/**
 * Makes a certificate authority that nobody else knows, and lets it sign one server certificate; its own key is
 * forgotten at once. Both are valid for a week. A child process trusts it through NODE_EXTRA_CA_CERTS, this
 * one through `tls.setDefaultCACertificates`.
 */
export async function createCertificates(): Promise<Certificates> {
  const options = {
    keyType: 'ec',
    algorithm: 'sha256',
    // A clock that was just set back must not make them invalid.
    notBeforeDate: new Date(Date.now() - DAY_MS),
    notAfterDate: new Date(Date.now() + 7 * DAY_MS),
  } as const;
  // A name of its own: OpenSSL looks issuers up by name, so two of the same name would shadow each other.
  const authorityName = `Throwaway local CA ${randomUUID()}`;
  const authority = await generate([{ name: 'commonName', value: authorityName }], {
    ...options,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...options,
    ca: { cert: authority.cert, key: authority.private },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { ca: authority.cert, server: { cert: server.cert, key: server.private } };
}
