import { describe, expect, test } from '@jest/globals';
import { matchRoute } from '../../../local/functionsHost/routes.ts';

function routed(...routes: string[]) {
  return routes.map((route) => ({ route, methods: ['GET'] }));
}

describe('one function', () => {
  test.each([
    ['api/users', '/api/users', {}],
    ['api/users', '/API/Users', {}],
    ['api/users', '/api/users/', {}],
    ['api/users', '/api/users?x=/y', {}],
    ['api/users/{userId}/token', '/api/users/8:acs:a/token', { userId: '8:acs:a' }],
    ['api/users/{userId}', '/api/users/8%3Aacs%2Fa', { userId: '8:acs%2Fa' }],
  ])('%s matches %s', (route, target, params) => {
    expect(matchRoute(routed(route), 'GET', target)?.params).toEqual(params);
  });

  test.each([
    ['api/users', '/api/users/7'],
    ['api/users', '/users'],
    ['api/users/{userId}', '/api/users'],
    ['api/users/{userId}/token', '/api/users//token'],
  ])('%s does not match %s', (route, target) => {
    expect(matchRoute(routed(route), 'GET', target)).toBeUndefined();
  });

  test.each(['HEAD', 'PUT', 'OPTIONS'])('a GET route does not match %s', (method) => {
    expect(matchRoute(routed('api/users'), method, '/api/users')).toBeUndefined();
  });
});

describe('several functions', () => {
  test('a literal segment wins over a parameter, in any order of registration', () => {
    const functions = routed('api/users/{userId}', 'api/users/me');

    const matches = [functions, functions.toReversed()].map((each) =>
      matchRoute(each, 'GET', '/api/users/me'),
    );

    expect(matches.map((match) => match?.function.route)).toEqual(['api/users/me', 'api/users/me']);
  });

  test('the method selects among functions with one route', () => {
    const functions = [
      { name: 'read', route: 'api/users', methods: ['GET'] },
      { name: 'write', route: 'api/users', methods: ['POST'] },
    ];

    const match = matchRoute(functions, 'POST', '/api/users');

    expect(match?.function.name).toBe('write');
  });
});
