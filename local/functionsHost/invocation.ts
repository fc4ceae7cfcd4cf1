import { randomUUID } from 'node:crypto';
import type { CoreInvocationContext, HookData, RpcHttpRequest, RpcHttpResponse } from './coreTypes.ts';
import type { HttpFunction } from './httpFunctions.ts';
import type { Worker } from './worker.ts';

/**
 * Runs a function once, in the worker's order: arguments, preInvocation hooks, the function, postInvocation
 * hooks, response. Rejects with what the function threw, unless a hook took the error away.
 */
export async function invoke(
  worker: Worker,
  invoked: HttpFunction,
  http: RpcHttpRequest,
): Promise<RpcHttpResponse | null | undefined> {
  const { programmingModel } = worker;
  if (programmingModel === undefined) throw new Error('The app has set no programming model.');
  const invocationId = randomUUID();
  let invocationContext: unknown;
  const core: CoreInvocationContext = {
    invocationId,
    request: { invocationId, inputData: [{ name: invoked.trigger, data: { http } }] },
    metadata: invoked.metadata,
    log: (level, category, message) => {
      worker.log(level, category, message, invocationContext);
    },
  };
  const started = performance.now();
  core.log('information', 'system', `Executing 'Functions.${invoked.name}' (Id=${invocationId})`);
  const outcome = (result: string) =>
    `Executed 'Functions.${invoked.name}' (${result}, Id=${invocationId}, Duration=${Math.round(performance.now() - started)}ms)`;

  try {
    const model = await programmingModel.getInvocationModel(core);
    const { context, inputs } = await model.getArguments();
    invocationContext = context;
    const shared = { hookData: {} as HookData, appHookData: worker.appHookData, invocationContext: context };

    const before = { ...shared, inputs, functionCallback: invoked.callback };
    await during(core, 'preInvocationHooks', () => worker.executeHooks('preInvocation', before));

    const after = { ...shared, inputs: before.inputs, result: null as unknown, error: null as unknown };
    try {
      after.result = await during(core, 'invocation', () =>
        model.invokeFunction(context, before.inputs, before.functionCallback),
      );
    } catch (error) {
      after.error = error;
    }
    await during(core, 'postInvocationHooks', () => worker.executeHooks('postInvocation', after));
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- a function may throw anything
    if (after.error !== null && after.error !== undefined) throw after.error;

    const { returnValue } = await model.getResponse(context, after.result);
    core.log('information', 'system', outcome('Succeeded'));
    return returnValue?.http;
  } catch (error) {
    core.log('error', 'system', outcome('Failed'));
    throw error;
  }
}

async function during<Result>(
  core: CoreInvocationContext,
  state: NonNullable<CoreInvocationContext['state']>,
  work: () => Promise<Result>,
): Promise<Result> {
  core.state = state;
  try {
    return await work();
  } finally {
    core.state = undefined;
  }
}
