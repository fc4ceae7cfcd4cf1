import type { RpcBindingInfo } from './coreTypes.ts';
import type { AuthLevel } from './keys.ts';
import { isSupportedRoute, type Routed } from './routes.ts';
import { StartError } from './startError.ts';
import type { RegisteredFunction } from './worker.ts';

/** A function that the host serves over HTTP. */
export interface HttpFunction extends Routed, RegisteredFunction {
  name: string;
  authLevel: AuthLevel;
  /** The name of the trigger's binding. */
  trigger: string;
}

/** Reads where each registered function is served. Throws when a function uses what this host does not support. */
export function httpFunctions(registered: Iterable<RegisteredFunction>, routePrefix: string): HttpFunction[] {
  const functions: HttpFunction[] = [];
  for (const each of registered) {
    try {
      const added = httpFunction(each, routePrefix);
      checkConflict(added, functions);
      functions.push(added);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new StartError(`functions/${each.metadata.name}: ${reason}`);
    }
  }
  return functions;
}

function httpFunction(registered: RegisteredFunction, routePrefix: string): HttpFunction {
  const { name, bindings } = registered.metadata;
  const [trigger, binding] = httpTrigger(bindings);
  const route = (binding.route ?? name).replace(/^\/+|\/+$/g, '');
  if (!isSupportedRoute(route)) {
    throw new Error(`route '${route}': only literal segments and {name} are supported by this host`);
  }
  if (/^(admin|runtime)/i.test(route)) {
    throw new Error(`route '${route}': routes must not start with admin or runtime`);
  }
  return {
    ...registered,
    name,
    trigger,
    route: [routePrefix, route].filter(Boolean).join('/'),
    methods: (binding.methods ?? []).map((method) => method.toUpperCase()),
    authLevel: authLevel(binding.authLevel),
  };
}

function httpTrigger(bindings: Record<string, RpcBindingInfo>): [string, RpcBindingInfo] {
  const unsupported = Object.values(bindings).find(({ type }) => type !== 'httpTrigger' && type !== 'http');
  const trigger = Object.entries(bindings).find(([, { type }]) => type === 'httpTrigger');
  if (unsupported !== undefined || trigger === undefined) {
    throw new Error(
      `binding '${unsupported?.type ?? 'none'}': only HTTP triggers and responses are supported by this host`,
    );
  }
  return trigger;
}

function authLevel(level = 'function'): AuthLevel {
  if (level === 'anonymous' || level === 'function' || level === 'admin') return level;
  throw new Error(`authLevel '${level}': use anonymous, function or admin`);
}

function checkConflict(added: HttpFunction, functions: readonly HttpFunction[]): void {
  const other = functions.find(
    ({ route, methods }) =>
      route.toLowerCase() === added.route.toLowerCase() &&
      methods.some((method) => added.methods.includes(method)),
  );
  if (other !== undefined) {
    throw new Error(`route '${added.route}': functions/${other.name} has the same route and method`);
  }
}
