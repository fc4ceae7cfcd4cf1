import { expect, test } from '@jest/globals';
import { httpFunctions } from '../../../local/functionsHost/httpFunctions.ts';

function registered(name: string, binding: object = {}) {
  const httpTrigger = { type: 'httpTrigger', direction: 'in' as const, methods: ['GET'], ...binding };
  return { metadata: { name, bindings: { httpTrigger } }, callback: () => undefined };
}

test.each([
  ['api', undefined, 'api/createUser'],
  ['api', '/users/{userId}', 'api/users/{userId}'],
  ['', 'users', 'users'],
  ['v1/api', 'users', 'v1/api/users'],
])('with prefix "%s", route %s becomes %s', (prefix, route, expected) => {
  const [served] = httpFunctions([registered('createUser', { route })], prefix);

  expect(served?.route).toBe(expected);
});

test.each(['{*rest}', 'a/{id:int}', 'a/{id?}', 'a/{id=5}', 'a/{file}.{type}', 'a//b', 'a/{id'])(
  'rejects route %s and names the function',
  (route) => {
    expect(() => httpFunctions([registered('odd', { route })], 'api')).toThrow(
      `functions/odd: route '${route}': only literal segments and {name} are supported by this host`,
    );
  },
);

test.each([
  [{ type: 'timerTrigger' }, "binding 'timerTrigger': only HTTP triggers and responses are supported"],
  [{ authLevel: 'system' }, "authLevel 'system': use anonymous, function or admin"],
  [{ route: 'Administration' }, "route 'Administration': routes must not start with admin or runtime"],
])('rejects a function with %j', (binding, reason) => {
  expect(() => httpFunctions([registered('odd', binding)], 'api')).toThrow(`functions/odd: ${reason}`);
});

test('rejects a second function with the same route and method', () => {
  const one = registered('one', { route: 'users', methods: ['GET', 'POST'] });
  const two = registered('two', { route: 'Users', methods: ['post'] });
  const three = registered('three', { route: 'users', methods: ['DELETE'] });

  expect(httpFunctions([one, three], 'api').map(({ name }) => name)).toEqual(['one', 'three']);
  expect(() => httpFunctions([one, two], 'api')).toThrow(
    "functions/two: route 'api/Users': functions/one has the same route and method",
  );
});
