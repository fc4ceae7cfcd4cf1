import { randomUUID } from 'node:crypto';
import { generate } from 'selfsigned';
import type { ServerCertificate } from './emulator/listen.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate authority and a server certificate that it signed. */
export interface Certificates {
  /** The certificate that clients must trust, PEM. */
  ca: string;
  /** Issued for 127.0.0.1, ::1 and localhost. */
  server: ServerCertificate;
}

/**
 * Creates a certificate authority, signs one server certificate and discards the authority's key. Both certificates
 * are valid for a week. A child process trusts them through NODE_EXTRA_CA_CERTS, this process through
 * `tls.setDefaultCACertificates`.
 */
export async function createCertificates(): Promise<Certificates> {
  const options = {
    keyType: 'ec',
    algorithm: 'sha256',
    // Starts a day ago, in case the clock is set back.
    notBeforeDate: new Date(Date.now() - DAY_MS),
    notAfterDate: new Date(Date.now() + 7 * DAY_MS),
  } as const;
  // OpenSSL finds issuers by name, so every authority needs a unique one.
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
