import { createHash } from 'node:crypto';
import type { HttpFunctionOptions, HttpRequest, HttpResponseInit } from '@azure/functions';
import type { App } from '../shared/app.ts';
import { lazy } from '../shared/azure/singleFlight.ts';
import { loggedHandler } from '../shared/http/endpoint.ts';

/** The contract in this file is part of the deployment, and changes only with it. */
const CACHE_CONTROL = 'public, max-age=3600';

async function readDocument(): Promise<{ body: string; etag: string }> {
  // Not in the bundle, so that an instance that never serves it does not load it.
  const { default: document } = await import('../openapi.json', { with: { type: 'json' } });
  const body = JSON.stringify(document);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}

/** Whether the caller has the document; proxies that compress it make its tag weak. */
function isCached({ headers }: HttpRequest, etag: string): boolean {
  const tags = headers.get('If-None-Match')?.split(',') ?? [];
  return tags.some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

export function openapi(app: App): HttpFunctionOptions {
  const document = lazy(readDocument);
  return {
    methods: ['GET'],
    authLevel: 'anonymous',
    route: 'openapi.json',
    handler: loggedHandler(
      app,
      'openapi',
      async (request): Promise<HttpResponseInit> => {
        const { body, etag } = await document();
        return isCached(request, etag)
          ? { status: 304, headers: { ETag: etag } }
          : { status: 200, headers: { ETag: etag, 'Content-Type': 'application/json' }, body };
      },
      CACHE_CONTROL,
    ),
  };
}
