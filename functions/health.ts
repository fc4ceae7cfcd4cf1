import type { HttpFunctionOptions } from '@azure/functions';
import type { App } from '../shared/app.ts';
import { loggedHandler } from '../shared/http/endpoint.ts';
import { healthCheck } from '../shared/http/healthChecks.ts';

export function health(app: App): HttpFunctionOptions {
  const check = healthCheck(app);
  return {
    methods: ['GET'],
    authLevel: 'anonymous',
    route: 'health',
    handler: loggedHandler(app, 'health', async (_request, event) => {
      const result = await check();
      if (result.status === 'ok') return { status: 200, jsonBody: result };
      event.outcome = result.checks['settings'] === 'ok' ? 'upstream_unavailable' : 'misconfigured';
      return { status: 503, jsonBody: result };
    }),
  };
}
