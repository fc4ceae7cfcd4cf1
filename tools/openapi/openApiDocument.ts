import { createDocument } from 'zod-openapi';
import packageJson from '../../package.json' with { type: 'json' };
import { headers } from './headers.ts';
import { paths } from './operations.ts';

/** The OpenAPI document of the service, made from the schemas that it checks requests with. */
export function openApiDocument() {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'ACS token service',
      version: packageJson.version,
      description:
        'Issues Azure Communication Services user access tokens. Ignore fields of responses that you do not know.\n\n' +
        'A few responses come from Azure Functions itself, without a body and without the documented headers: 401 for ' +
        'a missing or wrong function key, 404 for a route or method that does not exist, 400 for a path that it ' +
        'cannot decode, 413 for a body over 100 MB.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api' }],
    tags: [
      { name: 'Users', description: 'Communication users.' },
      { name: 'Tokens', description: 'Access tokens.' },
      { name: 'Service', description: 'The service itself. These need no authentication.' },
    ],
    security: [{ functionKey: [] }, { functionKeyInQuery: [] }, { bearerToken: [] }],
    paths,
    components: {
      headers,
      securitySchemes: {
        functionKey: {
          type: 'apiKey',
          in: 'header',
          name: 'x-functions-key',
          description: 'With `CALLER_AUTH=function-key`: a key of the function app, for backends only.',
        },
        functionKeyInQuery: {
          type: 'apiKey',
          in: 'query',
          name: 'code',
          description:
            'The same key, for clients that cannot send headers. Servers log URLs: prefer the header.',
        },
        bearerToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'With `CALLER_AUTH=oidc`: an access token of your OpenID Connect provider for this service.',
        },
      },
    },
  });
}
