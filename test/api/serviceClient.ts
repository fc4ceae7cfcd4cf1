import createClient, { type Client } from 'openapi-fetch';
import type { Api } from './api.ts';
import type { paths } from './openapi.d.ts';

/** A client of the service that is generated from openapi.json, as an integrator would. */
export type ServiceClient = Client<paths>;

/** The headers are sent with every request. */
export function serviceClient(api: Api, headers: Record<string, string> = {}): ServiceClient {
  return createClient<paths>({
    baseUrl: 'http://service/api',
    headers,
    fetch: async (request) => {
      const body = await request.text();
      const response = await api.send(request.method, request.url.replace('http://service/api/', ''), {
        headers: Object.fromEntries(request.headers),
        ...(body === '' ? {} : { body }),
      });
      return new Response(response.body === undefined ? null : JSON.stringify(response.body), response);
    },
  });
}
