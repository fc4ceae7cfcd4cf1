import { describe, expect, test } from '@jest/globals';
import { serveApp } from './servedApp.ts';

const source = "app.http('called', { handler: async () => ({ body: 'called' }) });";

function localSettings(Host: object) {
  return { IsEncrypted: false, Host };
}

function preflight(origin: string): RequestInit {
  const headers = {
    Origin: origin,
    'Access-Control-Request-Method': 'DELETE',
    'Access-Control-Request-Headers': 'authorization,x-a',
  };
  return { method: 'OPTIONS', headers };
}

describe('with allowed origins', () => {
  test.concurrent('allows a preflight from an allowed origin only', async () => {
    const host = await serveApp({
      source,
      localSettings: localSettings({
        CORS: 'http://localhost:3000, https://App.example',
        CORSCredentials: true,
      }),
    });

    const allowed = await fetch(`${host.url}/api/anything`, preflight('https://app.example'));
    const other = await fetch(`${host.url}/api/called`, preflight('https://evil.example'));

    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'DELETE',
      'access-control-allow-headers': 'authorization,x-a',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
    expect(other.status).toBe(204);
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
    expect(other.headers.has('access-control-allow-methods')).toBe(false);
  });

  test.concurrent('adds the header to every response for an allowed origin, errors included', async () => {
    const host = await serveApp({ source, localSettings: localSettings({ CORS: 'http://localhost:3000' }) });
    const allowedOrigin = async (path: string, origin: string) => {
      const response = await fetch(`${host.url}${path}`, { headers: { Origin: origin } });
      return response.headers.get('access-control-allow-origin');
    };

    expect(await allowedOrigin('/api/called', 'http://localhost:3000')).toBe('http://localhost:3000');
    expect(await allowedOrigin('/api/unknown', 'http://localhost:3000')).toBe('http://localhost:3000');
    expect(await allowedOrigin('/api/called', 'http://localhost:3001')).toBeNull();
  });

  test.concurrent('allows any origin with a star', async () => {
    const host = await serveApp({ source, localSettings: localSettings({ CORS: '*' }) });

    const { headers } = await fetch(`${host.url}/api/called`, { headers: { Origin: 'https://any.example' } });

    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  test.concurrent('rejects a star with credentials', async () => {
    const app = { source, localSettings: localSettings({ CORS: '*', CORSCredentials: true }) };

    await expect(serveApp(app)).rejects.toThrow('Host.CORS must list origins when CORSCredentials is true');
  });
});

test.concurrent('allows pages of this machine on any port with allowLocalPages', async () => {
  const host = await serveApp({ source }, { allowLocalPages: true });
  const allowedOrigin = async (origin: string) =>
    (await fetch(`${host.url}/api/called`, preflight(origin))).headers.get('access-control-allow-origin');

  for (const origin of [
    'http://localhost:3000',
    'http://127.0.0.1:5173',
    'http://[::1]:8080',
    'https://localhost',
  ]) {
    expect(await allowedOrigin(origin)).toBe(origin);
  }
  for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null']) {
    expect(await allowedOrigin(origin)).toBeNull();
  }
});

test.concurrent('returns 404 to OPTIONS without allowed origins', async () => {
  const host = await serveApp({ source });

  const { status, headers } = await fetch(`${host.url}/api/called`, preflight('http://localhost:3000'));

  expect(status).toBe(404);
  expect(headers.has('access-control-allow-origin')).toBe(false);
});
