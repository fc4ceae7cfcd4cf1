import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookData,
  ProgrammingModel,
  RpcLogCategory,
  RpcLogLevel,
} from './coreTypes.ts';

const hookNames = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
export type HookName = (typeof hookNames)[number];

export interface RegisteredFunction {
  metadata: FunctionMetadata;
  callback: FunctionCallback;
}

/** What an app has told the host about itself, and what the host keeps for it while it runs. */
export class Worker {
  programmingModel: ProgrammingModel | undefined;
  readonly functions = new Map<string, RegisteredFunction>();
  /** Shared by all hooks. */
  readonly appHookData: HookData = {};
  /** Shared by the appStart and appTerminate hooks only. */
  readonly appLevelHookData: HookData = {};
  readonly #hooks: Record<HookName, HookCallback[]> = {
    appStart: [],
    appTerminate: [],
    preInvocation: [],
    postInvocation: [],
    log: [],
  };
  readonly #write: (level: RpcLogLevel, message: string) => void;
  #started = false;

  constructor(write: (level: RpcLogLevel, message: string) => void) {
    this.#write = write;
  }

  /** From here on the set of functions is fixed. */
  start(): void {
    this.#started = true;
  }

  /** Returns what takes the function away again. */
  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): () => void {
    if (this.#started) throw new Error('A function can only be registered during app startup.');
    if (this.functions.has(metadata.name)) {
      throw new Error(`The function name '${metadata.name}' must be unique within the function app.`);
    }
    this.functions.set(metadata.name, { metadata, callback });
    return () => {
      if (this.#started) throw new Error('A function can only be disposed during app startup.');
      this.functions.delete(metadata.name);
    };
  }

  /** Returns what takes the hook away again. */
  registerHook(name: string, callback: HookCallback): () => void {
    const known = hookNames.find((hookName) => hookName === name);
    if (known === undefined) throw new RangeError(`Unrecognized hook "${name}"`);
    this.#hooks[known].push(callback);
    return () => {
      this.#hooks[known] = this.#hooks[known].filter((registered) => registered !== callback);
    };
  }

  async executeHooks(name: Exclude<HookName, 'log'>, context: object): Promise<void> {
    for (const callback of this.#hooks[name]) await callback(context);
  }

  /** Log hooks see the entry first and may change its level and message. */
  log(level: RpcLogLevel, category: RpcLogCategory, message: string, invocationContext?: unknown): void {
    const context = {
      level,
      message,
      category,
      invocationContext,
      appHookData: this.appHookData,
      hookData: {},
    };
    for (const callback of this.#hooks.log) callback(context);
    this.#write(context.level, context.message);
  }
}
