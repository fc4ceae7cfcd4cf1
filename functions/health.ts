import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { withCommonHeaders } from '../shared/http/endpoint.ts';
import type { FunctionApp } from '../shared/functionApp.ts';
import { checkHealth } from '../shared/http/healthChecks.ts';
import type { Service } from '../shared/app.ts';

export function registerHealth(app: FunctionApp, service: Service): void {
  app.http('health', {
    methods: ['GET'],
    authLevel: 'anonymous',
    route: 'health',
    handler: async (_request, context: InvocationContext): Promise<HttpResponseInit> => {
      const health = await checkHealth(service);
      return withCommonHeaders({ status: health.status === 'ok' ? 200 : 503, jsonBody: health }, context);
    },
  });
}
