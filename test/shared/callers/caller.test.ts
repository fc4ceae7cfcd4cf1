import { expect, test } from '@jest/globals';
import { functionKeyCallers } from '../../../shared/callers/caller.ts';
import { request } from '../support/request.ts';

test('every holder of a function key is a service', async () => {
  const caller = await functionKeyCallers.identify(request(), new AbortController().signal);

  expect(caller).toEqual({ kind: 'service' });
});
