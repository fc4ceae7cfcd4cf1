import { randomUUID } from 'node:crypto';
import type {
  CoreInvocationContext,
  ProgrammingModel,
  RpcHttpRequest,
  RpcHttpResponse,
} from './coreTypes.ts';
import type { HttpFunction } from './httpFunctions.ts';
import type { WriteLog } from './log.ts';
import { traceContextOf } from './traceContext.ts';

/** Runs a function once, in the worker's order: arguments, function, response. Rejects with what it throws. */
export async function invoke(
  programmingModel: ProgrammingModel,
  invoked: HttpFunction,
  http: RpcHttpRequest,
  writeLog: WriteLog,
): Promise<RpcHttpResponse | null | undefined> {
  const invocationId = randomUUID();
  const core: CoreInvocationContext = {
    invocationId,
    request: {
      invocationId,
      traceContext: traceContextOf(http),
      inputData: [{ name: invoked.trigger, data: { http } }],
    },
    metadata: invoked.metadata,
    log: (level, _category, message) => {
      writeLog(level, message);
    },
  };
  const started = performance.now();
  writeLog('information', `Executing 'Functions.${invoked.name}' (Id=${invocationId})`);
  const outcome = (result: string) =>
    `Executed 'Functions.${invoked.name}' (${result}, Id=${invocationId}, Duration=${Math.round(performance.now() - started)}ms)`;

  try {
    const model = await programmingModel.getInvocationModel(core);
    const { context, inputs } = await model.getArguments();
    const result = await model.invokeFunction(context, inputs, invoked.callback);
    const { returnValue } = await model.getResponse(context, result);
    writeLog('information', outcome('Succeeded'));
    return returnValue?.http;
  } catch (error) {
    writeLog('error', outcome('Failed'));
    throw error;
  }
}
