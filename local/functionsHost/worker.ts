import type { FunctionCallback, FunctionMetadata, ProgrammingModel } from './coreTypes.ts';

/** A function that an app registered. */
export interface RegisteredFunction {
  metadata: FunctionMetadata;
  callback: FunctionCallback;
}

/** Holds what an app registers while it loads. */
export class Worker {
  programmingModel: ProgrammingModel | undefined;
  readonly functions = new Map<string, RegisteredFunction>();

  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): void {
    if (this.functions.has(metadata.name)) {
      throw new Error(`functions/${metadata.name}: the name is registered twice`);
    }
    this.functions.set(metadata.name, { metadata, callback });
  }
}
