import { expect, test } from '@jest/globals';
import { registerFunctions } from '../../functions/register.ts';
import openapi from '../../openapi.json' with { type: 'json' };
import { createApp } from '../../shared/app.ts';
import { problemTypes } from '../../shared/http/problem.ts';

test('describes every function: its name, methods and route', () => {
  const registered: string[] = [];

  registerFunctions(
    {
      http: (name, { methods = [], route = name }) => {
        registered.push(...methods.map((method) => `${method} /${route} ${name}`));
      },
    },
    { ...createApp({}, () => undefined), exchangesTeamsTokens: true },
  );

  const described = Object.entries(openapi.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, { operationId }]: [string, { operationId: string }]) =>
        `${method.toUpperCase()} ${path} ${operationId.replace(/ByGet$/, '')}`,
    ),
  );
  expect(described.sort()).toEqual(registered.sort());
});

test('has an example of every code', () => {
  const examples = Object.values(openapi.components.responses).flatMap(({ content }) =>
    'application/problem+json' in content ? Object.keys(content['application/problem+json'].examples) : [],
  );

  expect(new Set(examples)).toEqual(new Set(Object.keys(problemTypes)));
});
