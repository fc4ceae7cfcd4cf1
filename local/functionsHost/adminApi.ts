import { type Keys, mayCall } from './keys.ts';
import { hostVersion } from './functionsCore.ts';
import type { Reply } from './reply.ts';

/**
 * Replies to the host's own paths, `/admin/…` and `/runtime/…`; undefined for any other path. Ping requires no key
 * (HostController); `keys` is absent when keys are not checked.
 */
export function adminApi(method: string, path: string, key: string, keys?: Keys): Reply | undefined {
  const name = path.toLowerCase().replace(/^\/|\/$/g, '');
  if (!/^(admin|runtime)(\/|$)/.test(name)) return undefined;
  if (name === 'admin/host/ping' && (method === 'GET' || method === 'POST')) {
    return { status: 200, headers: { 'cache-control': 'no-store, no-cache' } };
  }
  if (name !== 'admin/host/status' || method !== 'GET') return { status: 404 };
  if (keys !== undefined && !mayCall('admin', key, keys)) return { status: 401 };
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({
      id: 'local',
      state: 'Running',
      version: hostVersion,
      processUptime: Math.round(process.uptime() * 1000),
    }),
  };
}
