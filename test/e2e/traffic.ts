import { setTimeout as wait } from 'node:timers/promises';

export interface Traffic {
  sent: number;
  /** What went wrong, a line for each request that failed. */
  failures: string[];
  stop(): Promise<void>;
}

interface TrafficOptions {
  clients: number;
  headers: Record<string, string>;
}

/** Clients of the service that create users, fetch tokens, ask for the health and delete, one after the other. */
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
      // The rotation, in a process of its own, wants its share of the machine.
      await wait(25);
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  return traffic;
}
