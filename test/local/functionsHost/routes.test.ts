import { describe, expect, test } from '@jest/globals';
import { createRouter, matchRoute } from '../../../local/functionsHost/routes.ts';

function routed(...routes: string[]) {
  return routes.map((route) => ({ route, methods: ['GET'] }));
}

function paramsOf(route: string, path: string) {
  return matchRoute(routed(route), 'GET', path)?.params;
}

function winner(path: string, ...routes: string[]) {
  return matchRoute(routed(...routes), 'GET', path)?.function.route;
}

describe('a route template', () => {
  test.each([
    ['api/users', '/api/users', {}],
    ['api/users', '/API/Users', {}],
    ['api/users', '/api/users/', {}],
    ['api/users', '/api/users?x=/y', {}],
    ['api/users/{userId}/token', '/api/users/8:acs:a/token', { userId: '8:acs:a' }],
    ['api/items/{id?}', '/api/items', {}],
    ['api/items/{id?}', '/api/items/7', { id: '7' }],
    ['api/items/{id=5}', '/api/items', { id: '5' }],
    ['api/items/{id:int}', '/api/items/-12', { id: '-12' }],
    ['api/items/{id:int:min(3)}', '/api/items/3', { id: '3' }],
    ['api/items/{id:int?}', '/api/items', {}],
    ['api/items/{id:int=4}', '/api/items', { id: '4' }],
    [
      'api/{id:guid}',
      '/api/A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11',
      { id: 'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11' },
    ],
    ['api/{code:regex(^\\d{{3}}:x$)}', '/api/123:x', { code: '123:x' }],
    ['api/{*rest}', '/api/a/b//c', { rest: 'a/b//c' }],
    ['api/{*rest}', '/api', {}],
    ['api/{file}.{type}', '/api/a.b.txt', { file: 'a.b', type: 'txt' }],
    ['{*rest}', '/', {}],
  ])('%s takes %s', (route, path, params) => {
    expect(paramsOf(route, path)).toEqual(params);
  });

  test.each([
    ['api/users', '/api/users/7'],
    ['api/users', '/users'],
    ['api/users/{userId}', '/api/users'],
    ['api/users/{userId}/token', '/api/users//token'],
    ['api/items/{id:int}', '/api/items/seven'],
    ['api/items/{id:int}', '/api/items/2147483648'],
    ['api/items/{id:int?}', '/api/items/x'],
    ['api/{id:guid}', '/api/123'],
    ['api/{id:range(1,3)}', '/api/4'],
    ['api/{id:length(2)}', '/api/abc'],
    ['api/{id:alpha}', '/api/a1'],
    ['api/{file}.{type}', '/api/plain'],
  ])('%s does not take %s', (route, path) => {
    expect(paramsOf(route, path)).toBeUndefined();
  });

  test.each([
    ['api/{id:integer}', "The route constraint 'integer' of '{id:integer}' is unknown."],
    ['api/{id', "The route 'api/{id' is malformed."],
    ['api//users', "The route 'api//users' is malformed."],
    ['{*rest}/users', "The route '{*rest}/users' has a catch-all parameter that is not its last segment."],
  ])('%s is refused', (route, message) => {
    expect(() => createRouter(routed(route))).toThrow(message);
  });
});

describe('of several functions', () => {
  test.each([
    ['/api/users/me', 'api/users/me', ['api/users/{userId}', 'api/users/me']],
    ['/api/users/7', 'api/users/{userId:int}', ['api/users/{userId}', 'api/users/{userId:int}']],
    ['/api/users/x', 'api/users/{userId}', ['api/users/{userId}', 'api/users/{userId:int}']],
    ['/api/users/x', 'api/users/{userId}', ['api/{*rest}', 'api/users/{userId}']],
    ['/api/other', 'api/{*rest}', ['api/users/{userId}', 'api/{*rest}']],
  ])('%s goes to %s', (path, expected, routes) => {
    expect(winner(path, ...routes)).toBe(expected);
    expect(winner(path, ...routes.toReversed())).toBe(expected);
  });

  test('the one with the method is found where another has the route', () => {
    const functions = [
      { name: 'read', route: 'api/users', methods: ['GET'] },
      { name: 'write', route: 'api/users', methods: ['POST'] },
    ];

    const match = matchRoute(functions, 'post', '/api/users');

    expect(match?.function.name).toBe('write');
  });

  test.each(['HEAD', 'PUT', 'OPTIONS'])('none is found for %s when they take GET', (method) => {
    expect(matchRoute(routed('api/users'), method, '/api/users')).toBeUndefined();
  });

  test('one without methods takes any', () => {
    expect(matchRoute([{ route: 'api/users', methods: [] }], 'PATCH', '/api/users')).toBeDefined();
  });
});
