import type { HttpFunctionOptions } from '@azure/functions';
import type { App } from '../shared/app.ts';
import { withCommonHeaders } from '../shared/http/endpoint.ts';
import { checkHealth } from '../shared/http/healthChecks.ts';

export function health(app: App): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'anonymous',
    route: 'health',
    handler: async (_request, context) => {
      const result = await checkHealth(app);
      return withCommonHeaders({ status: result.status === 'ok' ? 200 : 503, jsonBody: result }, context);
    },
  };
}
