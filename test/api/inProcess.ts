import { randomUUID } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type HttpFunctionOptions, HttpRequest, HttpResponse, InvocationContext } from '@azure/functions';
import { registerFunctions } from '../../functions/register.ts';
import { type LocalAzure, startLocalAzure } from '../../local/localAzure.ts';
import { matchRoute } from '../../local/functionsHost/routes.ts';
import { createApp } from '../../shared/app.ts';
import { type ApiRequest, type ApiResponse, checkedSend, parseBody, type StartApi } from './api.ts';

interface CollectedFunction {
  name: string;
  methods: string[];
  route: string;
  options: HttpFunctionOptions;
}

// The identity library keeps the endpoint and its tokens for the life of a process.
let shared: LocalAzure | undefined;

/** The service in this process: its handlers are called with the library's own request and context. */
export const startInProcess: StartApi = async ({ secret, env = {} } = {}) => {
  shared ??= await startLocalAzure();
  const azure = shared;
  azure.vault.setSecret('acs-connection-string', secret ?? azure.acs.connectionString());
  setDefaultCACertificates([...getCACertificates('bundled'), azure.ca]);
  Object.assign(process.env, azure.identity.env());

  const logs: string[] = [];
  const functions: CollectedFunction[] = [];
  const service = createApp({ ...azure.env(), ...env }, (line) => logs.push(line));
  registerFunctions(
    {
      http: (name, options) => {
        functions.push({
          name,
          methods: options.methods ?? [],
          route: `api/${options.route ?? name}`,
          options,
        });
      },
    },
    service,
  );

  return {
    azure,
    logs: () => logs,
    stop: () => Promise.resolve(),
    send: checkedSend((method, path, request) => invoke(functions, logs, method, path, request)),
  };
};

/** Frees what the services of this process shared. */
export async function stopInProcess(): Promise<void> {
  await shared?.close();
}

async function invoke(
  functions: CollectedFunction[],
  logs: string[],
  method: string,
  path: string,
  { headers = {}, body }: ApiRequest = {},
): Promise<ApiResponse> {
  const url = new URL(`http://localhost/api/${path}`);
  const match = matchRoute(functions, method, url.pathname);
  if (match === undefined) return { status: 404, headers: new Headers(), body: undefined };

  const request = new HttpRequest({
    method,
    url: url.href,
    headers,
    params: match.params,
    ...(body === undefined ? {} : { body: { bytes: Buffer.from(body) } }),
  });
  const context = new InvocationContext({
    functionName: match.function.name,
    invocationId: randomUUID(),
    logHandler: (_level, ...args) => {
      logs.push(args.map(String).join(' '));
    },
  });
  const answer = await match.function.options.handler(request, context);
  const response = answer instanceof HttpResponse ? answer : new HttpResponse(answer);
  return {
    status: response.status,
    headers: response.headers,
    body: parseBody(await response.text()),
  };
}
