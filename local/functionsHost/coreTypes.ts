/**
 * The types of `@azure/functions-core` that HTTP functions need. The names are the worker's:
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

export interface RpcHttpResponse {
  statusCode?: string;
  headers?: Record<string, string>;
  cookies?: unknown[];
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

export interface RpcTraceContext {
  traceParent: string;
  traceState: string;
  attributes: Record<string, string>;
}

export interface CoreInvocationContext {
  invocationId: string;
  request: {
    invocationId: string;
    traceContext: RpcTraceContext;
    inputData: { name: string; data: { http: RpcHttpRequest } }[];
  };
  metadata: FunctionMetadata;
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
