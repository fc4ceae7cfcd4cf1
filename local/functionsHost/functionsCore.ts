import Module from 'node:module';
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  ProgrammingModel,
  RpcLogCategory,
  RpcLogLevel,
} from './coreTypes.ts';
import type { Worker } from './worker.ts';

/** The releases whose interface is offered here: the first ones with log hooks. */
export const hostVersion = '4.34.0';
const workerVersion = '3.10.0';

class Disposable {
  readonly #dispose: () => void;

  static from(...disposables: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }

  dispose(): void {
    this.#dispose();
  }
}

function createFunctionsCore(worker: Worker) {
  return {
    version: workerVersion,
    hostVersion,
    Disposable,
    registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
      new Disposable(worker.registerFunction(metadata, callback)),
    registerHook: (name: string, callback: HookCallback) =>
      new Disposable(worker.registerHook(name, callback)),
    setProgrammingModel: (model: ProgrammingModel) => {
      worker.programmingModel = model;
    },
    getProgrammingModel: () => worker.programmingModel,
    log: (level: RpcLogLevel, category: RpcLogCategory, message: string) => {
      worker.log(level, category, message);
    },
  };
}

/**
 * Makes `require('@azure/functions-core')` answer in this process. The module is not on npm: only the
 * Node worker has it, and provides it in this way; without it `@azure/functions` registers nothing.
 */
export function provideFunctionsCore(worker: Worker): void {
  const functionsCore = createFunctionsCore(worker);
  // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to the module it is called on
  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply: (require, module, args: [string]): unknown =>
      args[0] === '@azure/functions-core' ? functionsCore : Reflect.apply(require, module, args),
  });
}
