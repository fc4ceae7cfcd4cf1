import Module from 'node:module';
import type {
  FunctionCallback,
  FunctionMetadata,
  ProgrammingModel,
  RpcLogCategory,
  RpcLogLevel,
} from './coreTypes.ts';
import { writeLog } from './log.ts';
import type { Worker } from './worker.ts';

/** The versions that the app sees. */
export const hostVersion = '4.34.0';
const workerVersion = '3.10.0';

function createFunctionsCore(worker: Worker) {
  return {
    version: workerVersion,
    hostVersion,
    registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) => {
      worker.registerFunction(metadata, callback);
    },
    registerHook: (name: string) => {
      throw new Error(`app.hook.${name}: hooks are not supported by this host`);
    },
    setProgrammingModel: (model: ProgrammingModel) => {
      worker.programmingModel = model;
    },
    getProgrammingModel: () => worker.programmingModel,
    log: (level: RpcLogLevel, _category: RpcLogCategory, message: string) => {
      writeLog(level, message);
    },
  };
}

/**
 * Makes `require('@azure/functions-core')` work in this process. The module is not on npm: Azure's Node worker
 * provides it in the same way, and without it `@azure/functions` registers nothing.
 */
export function provideFunctionsCore(worker: Worker): void {
  const functionsCore = createFunctionsCore(worker);
  // eslint-disable-next-line @typescript-eslint/unbound-method -- Reflect.apply passes the module on
  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply: (require, module, args: [string]): unknown =>
      args[0] === '@azure/functions-core' ? functionsCore : Reflect.apply(require, module, args),
  });
}
