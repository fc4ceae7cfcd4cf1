/**
 * The types of `@azure/functions-core`, as far as HTTP functions need them. The names are the worker's:
 * https://github.com/Azure/azure-functions-nodejs-worker/tree/v3.x/types-core
 */

export type RpcLogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';
export type RpcLogCategory = 'user' | 'system' | 'customMetric';

export interface RpcNullable<Value> {
  value: Value;
}

export interface RpcHttpRequest {
  url: string;
  method: string;
  nullableHeaders: Record<string, RpcNullable<string>>;
  nullableQuery: Record<string, RpcNullable<string>>;
  nullableParams: Record<string, RpcNullable<string>>;
  body?: { bytes: Uint8Array };
}

export interface RpcHttpCookie {
  name: string;
  value: string;
  domain?: RpcNullable<string>;
  path?: RpcNullable<string>;
  expires?: RpcNullable<{ seconds: number }>;
  secure?: RpcNullable<boolean>;
  httpOnly?: RpcNullable<boolean>;
  sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  /** In seconds. */
  maxAge?: RpcNullable<number>;
}

export interface RpcHttpResponse {
  statusCode?: string;
  headers?: Record<string, string>;
  cookies?: RpcHttpCookie[];
  body?: { bytes?: Uint8Array; string?: string } | null;
}

export interface RpcInvocationResponse {
  returnValue?: { http?: RpcHttpResponse | null } | null;
}

export interface RpcBindingInfo {
  type: string;
  direction: 'in' | 'out' | 'inout';
  route?: string;
  methods?: string[];
  authLevel?: string;
}

export interface FunctionMetadata {
  name: string;
  bindings: Record<string, RpcBindingInfo>;
}

export type FunctionCallback = (...inputs: unknown[]) => unknown;

export type HookData = Record<string, unknown>;
export type HookCallback = (context: object) => unknown;

export interface CoreInvocationContext {
  invocationId: string;
  request: { invocationId: string; inputData: { name: string; data: { http: RpcHttpRequest } }[] };
  metadata: FunctionMetadata;
  state?: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined;
  log(level: RpcLogLevel, category: RpcLogCategory, message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<RpcInvocationResponse>;
}

export type WorkerCapabilities = Record<string, string>;

export interface ProgrammingModel {
  name: string;
  version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>;
  getCapabilities?(capabilities: WorkerCapabilities): WorkerCapabilities | Promise<WorkerCapabilities>;
}
