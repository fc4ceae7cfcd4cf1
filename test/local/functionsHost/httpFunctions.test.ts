import { expect, test } from '@jest/globals';
import { httpFunctions } from '../../../local/functionsHost/httpFunctions.ts';

function registered(name: string, binding: object = {}) {
  const trigger = { type: 'httpTrigger', direction: 'in' as const, methods: ['GET'], ...binding };
  return { metadata: { name, bindings: { trigger } }, callback: () => undefined };
}

test.each([
  ['api', undefined, 'api/createUser'],
  ['api', '/users/{userId}', 'api/users/{userId}'],
  ['', 'users', 'users'],
  ['v1/api', 'users', 'v1/api/users'],
])('with the prefix "%s" the route %s becomes %s', (prefix, route, expected) => {
  const { functions } = httpFunctions([registered('createUser', { route })], prefix);

  expect(functions[0]?.route).toBe(expected);
});

test.each(['admin/users', 'Administration', 'runtime/webhooks', '/admin'])(
  'refuses the reserved route %s and serves the others',
  (route) => {
    const { functions, errors } = httpFunctions(
      [registered('reserved', { route }), registered('health')],
      'api',
    );

    expect(functions.map(({ name }) => name)).toEqual(['health']);
    expect(errors).toEqual([
      "The 'reserved' function is in error: The specified route conflicts with one or more built in routes.",
    ]);
  },
);

test('refuses a second function with the same route and method', () => {
  const { functions, errors } = httpFunctions(
    [
      registered('one', { route: 'users', methods: ['GET', 'POST'] }),
      registered('two', { route: 'Users', methods: ['post'] }),
      registered('three', { route: 'users', methods: ['DELETE'] }),
    ],
    'api',
  );

  expect(functions.map(({ name }) => name)).toEqual(['one', 'three']);
  expect(errors).toEqual([
    "The 'two' function is in error: The route specified conflicts with the route defined by function 'one'.",
  ]);
});

test.each([
  [{ type: 'timerTrigger' }, 'this host serves HTTP triggers only, not timerTrigger.'],
  [{ authLevel: 'system' }, "the authLevel 'system' is none of anonymous, function and admin."],
  [{ route: 'users/{id:uuid}' }, "The route constraint 'uuid' of '{id:uuid}' is unknown."],
])('reports a function it cannot serve: %j', (binding, reason) => {
  const { errors } = httpFunctions([registered('odd', binding)], 'api');

  expect(errors).toEqual([`The 'odd' function is in error: ${reason}`]);
});
