import tls from 'node:tls';
import { type LocalAzure, startLocalAzure } from '../../../local/localAzure.ts';

/** Starts emulated Azure for this process: trusts its certificates and sets its managed identity in the environment. */
export async function startAzureHere(): Promise<LocalAzure> {
  const certificates = tls.getCACertificates();
  const env = { ...process.env };
  const azure = await startLocalAzure();
  tls.setDefaultCACertificates([...certificates, azure.ca]);
  Object.assign(process.env, azure.identity.env());
  return {
    ...azure,
    async close() {
      tls.setDefaultCACertificates(certificates);
      process.env = env;
      await azure.close();
    },
  };
}
