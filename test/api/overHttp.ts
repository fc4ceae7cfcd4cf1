import { startLocalService } from '../../local/localService.ts';
import { checkedSend, parseBody, type StartApi } from './api.ts';

/** The built bundle in the embedded Functions host, over real HTTP. */
export const startOverHttp: StartApi = async ({ secret, env = {} } = {}) => {
  const logs: string[] = [];
  const service = await startLocalService({
    app: '.',
    port: 0,
    settings: () => env,
    onLog: (line) => {
      logs.push(line);
    },
  });
  if (secret !== undefined) service.azure.vault.setSecret('acs-connection-string', secret);
  return {
    azure: service.azure,
    logs: () => logs,
    stop: () => service.stop(),
    send: checkedSend(async (method, path, { headers = {}, body } = {}) => {
      const response = await fetch(`${service.url}/api/${path}`, { method, headers, body: body ?? null });
      return {
        status: response.status,
        headers: response.headers,
        body: parseBody(await response.text()),
      };
    }),
  };
};
