import { CommunicationIdentityClient } from '@azure/communication-identity';
import { AzureKeyCredential } from '@azure/core-auth';
import { createHash, createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';

export const USER_ID = '8:acs:00000000-0000-4000-8000-000000000001_00000000-0000-4000-8000-000000000002';

/** Where tokens come from: a token service, or Communication Services itself. */
export type Target =
  | { kind: 'service'; url: string; bearers?: readonly string[] }
  | { kind: 'signedRequest' | 'sdk'; endpoint: string; accessKey: string };

type GetToken = () => Promise<void>;

/** Gives a function that gets one token over connections that stay open. It rejects when it gets none. */
export function tokenSource(target: Target, connections: number): GetToken {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  switch (target.kind) {
    case 'service':
      return fromService(target.url, target.bearers, agent);
    case 'signedRequest':
      return signedRequest(target.endpoint, target.accessKey, agent);
    case 'sdk':
      return fromSdk(target.endpoint, target.accessKey);
  }
}

function fromService(base: string, bearers: readonly string[] | undefined, agent: Agent): GetToken {
  const user = bearers === undefined ? USER_ID : 'me';
  const url = new URL(`${base}/api/users/${user}/token`);
  const body = JSON.stringify({ scopes: ['chat', 'voip'] });
  let next = 0;
  return () => {
    const bearer = bearers?.[next++ % bearers.length];
    const headers = {
      'Content-Type': 'application/json',
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
    };
    return post(url, headers, body, agent);
  };
}

/** The least that Communication Services accepts: one request, signed by hand. */
function signedRequest(endpoint: string, accessKey: string, agent: Agent): GetToken {
  const url = new URL(`/identities/${USER_ID}/:issueAccessToken?api-version=2025-06-30`, endpoint);
  const key = Buffer.from(accessKey, 'base64');
  const body = JSON.stringify({ scopes: ['chat', 'voip'] });
  return () => {
    const date = new Date().toUTCString();
    const hash = createHash('sha256').update(body).digest('base64');
    const signed = `POST\n${url.pathname}${url.search}\n${date};${url.host};${hash}`;
    const signature = createHmac('sha256', key).update(signed).digest('base64');
    const headers = {
      'Content-Type': 'application/json',
      'x-ms-date': date,
      'x-ms-content-sha256': hash,
      Authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
    };
    return post(url, headers, body, agent);
  };
}

function fromSdk(endpoint: string, accessKey: string): GetToken {
  const client = new CommunicationIdentityClient(endpoint, new AzureKeyCredential(accessKey), {
    allowInsecureConnection: true,
  });
  return async () => {
    await client.getToken({ communicationUserId: USER_ID }, ['chat', 'voip']);
  };
}

function post(url: URL, headers: Record<string, string>, body: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        if (response.statusCode === 200 && text.includes('"token"')) resolve();
        else reject(new Error(`${url.pathname} answered ${response.statusCode ?? 0} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.setHeader('Content-Length', Buffer.byteLength(body));
    sent.end(body);
  });
}
