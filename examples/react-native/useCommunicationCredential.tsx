// Parsed here, not compiled: it needs react and react-native. `tokenClient.ts` of the web example does the work.
import { useEffect, useState } from 'react';
import { AppState } from 'react-native';
import type { AzureCommunicationTokenCredential } from '@azure/communication-common';
import { createCredential, type GetBearerToken, TokenClient } from '../web/tokenClient';

/**
 * The credential of the signed-in user, or why there is none. `getBearerToken` must be the same function on each
 * render: define it outside of the component, or with `useCallback`.
 */
export function useCommunicationCredential(api: string, getBearerToken: GetBearerToken) {
  const [credential, setCredential] = useState<AzureCommunicationTokenCredential>();
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    const client = new TokenClient(api, getBearerToken);
    let created: AzureCommunicationTokenCredential | undefined;
    let connecting = false;
    let ended = false;

    const connect = async () => {
      if (connecting || created !== undefined) return;
      connecting = true;
      try {
        const issued = await client.refresh();
        if (ended) return;
        created = createCredential(client, issued);
        setCredential(created);
        setProblem(undefined);
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error));
      } finally {
        connecting = false;
      }
    };

    void connect();
    // In the background, timers and requests stop. In the foreground, the user expects a fresh attempt.
    const subscription = AppState.addEventListener('change', (state) => {
      if (state !== 'active') return;
      client.resume();
      void connect();
    });
    return () => {
      ended = true;
      subscription.remove();
      created?.dispose();
      setCredential(undefined);
    };
  }, [api, getBearerToken]);

  return { credential, problem };
}
