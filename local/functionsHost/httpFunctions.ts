import type { RpcBindingInfo } from './coreTypes.ts';
import type { AuthLevel } from './keys.ts';
import type { Routed } from './routes.ts';
import { parseRouteTemplate } from './routeTemplate.ts';
import type { RegisteredFunction } from './worker.ts';

/** A function the host serves over HTTP. */
export interface HttpFunction extends Routed, RegisteredFunction {
  name: string;
  authLevel: AuthLevel;
  /** The name of its trigger's binding. */
  trigger: string;
}

export interface HttpFunctions {
  functions: HttpFunction[];
  /** Why a registered function is not among them, one sentence each. */
  errors: string[];
}

/** Works out where the registered functions are served. One in error does not keep the others from it. */
export function httpFunctions(registered: Iterable<RegisteredFunction>, routePrefix: string): HttpFunctions {
  const functions: HttpFunction[] = [];
  const errors: string[] = [];
  for (const each of registered) {
    const { name } = each.metadata;
    try {
      const added = httpFunction(each, routePrefix);
      refuseConflict(added, functions);
      functions.push(added);
    } catch (error) {
      errors.push(
        `The '${name}' function is in error: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return { functions, errors };
}

function httpFunction(registered: RegisteredFunction, routePrefix: string): HttpFunction {
  const { name, bindings } = registered.metadata;
  const [trigger, binding] = httpTrigger(bindings);
  const route = trimSlashes(binding.route ?? '') || name;
  if (/^(admin|runtime)/i.test(route)) {
    throw new Error('The specified route conflicts with one or more built in routes.');
  }
  const fullRoute = [routePrefix, route].filter(Boolean).join('/');
  parseRouteTemplate(fullRoute);
  return {
    ...registered,
    name,
    trigger,
    route: fullRoute,
    methods: (binding.methods ?? []).map((method) => method.toUpperCase()),
    authLevel: authLevel(binding.authLevel),
  };
}

function trimSlashes(route: string): string {
  return route.trim().replace(/^\/+|\/+$/g, '');
}

function httpTrigger(bindings: Record<string, RpcBindingInfo>): [string, RpcBindingInfo] {
  const triggers = Object.entries(bindings).filter(([, binding]) => /trigger$/i.test(binding.type));
  const http = triggers.find(([, binding]) => binding.type.toLowerCase() === 'httptrigger');
  if (http === undefined) {
    const kinds = triggers.map(([, binding]) => binding.type).join(', ');
    throw new Error(`this host serves HTTP triggers only, not ${kinds || 'a function without a trigger'}.`);
  }
  return http;
}

function authLevel(name = 'function'): AuthLevel {
  const level = name.toLowerCase();
  if (level === 'anonymous' || level === 'function' || level === 'admin') return level;
  throw new Error(`the authLevel '${name}' is none of anonymous, function and admin.`);
}

function refuseConflict(added: HttpFunction, functions: readonly HttpFunction[]): void {
  const other = functions.find(
    ({ route, methods }) =>
      route.toLowerCase() === added.route.toLowerCase() &&
      (methods.length === 0 ||
        added.methods.length === 0 ||
        methods.some((method) => added.methods.includes(method))),
  );
  if (other !== undefined) {
    throw new Error(`The route specified conflicts with the route defined by function '${other.name}'.`);
  }
}
