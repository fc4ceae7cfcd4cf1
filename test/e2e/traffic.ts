import { setTimeout as wait } from 'node:timers/promises';

export interface Traffic {
  sent: number;
  /** One line per failed request. */
  failures: string[];
  stop(): Promise<void>;
}

interface TrafficOptions {
  clients: number;
  headers: Record<string, string>;
}

/** Starts clients that keep creating users, fetching tokens, checking the health and deleting the users. */
export function startTraffic(api: string, { clients, headers }: TrafficOptions): Traffic {
  let running = true;
  const traffic: Traffic = {
    sent: 0,
    failures: [],
    async stop() {
      running = false;
      await all;
    },
  };
  const send = async (method: string, path: string): Promise<unknown> => {
    traffic.sent += 1;
    try {
      const response = await fetch(`${api}/${path}`, { method, headers });
      const answer = await response.text();
      if (!response.ok) traffic.failures.push(`${method} ${path}: ${response.status} ${answer}`);
      return answer === '' ? undefined : JSON.parse(answer);
    } catch (error) {
      traffic.failures.push(`${method} ${path}: ${String(error)}`);
      return undefined;
    }
  };
  const client = async () => {
    while (running) {
      const created = (await send('POST', 'users?scope=chat,voip')) as
        { user?: { communicationUserId?: string } } | undefined;
      const user = `users/${created?.user?.communicationUserId ?? 'none'}`;
      await send('GET', `${user}/token`);
      await send('GET', 'health');
      await send('DELETE', user);
      // Leaves CPU time for the rotation, which runs in its own process.
      await wait(25);
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  return traffic;
}
