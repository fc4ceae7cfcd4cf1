import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import ignore from 'ignore';
import { packagePaths } from '../../../tools/package/readPackage.ts';
import { coreToolsFilter } from './coreToolsFilter.ts';

const funcignore = readFileSync('.funcignore', 'utf8');
const readers = {
  'func azure functionapp publish': coreToolsFilter(funcignore),
  // azd is one.
  'a reader of .gitignore files': (path: string) => !ignore().add(funcignore).ignores(path),
};

const packaged = packagePaths(readFileSync('package.json', 'utf8'));
const others = [
  '.azure/production/.env',
  '.env',
  '.git-credentials',
  '.npmrc',
  'acs.pem',
  'certs/server.key',
  'coverage/lcov.info',
  'dist/local.settings.production.json',
  'dist/test/main.test.js',
  'dump.sql',
  'functions/main.ts',
  'infra/main.parameters.json',
  'local.settings.json.example',
  'node_modules/.bin/az',
  'node_modules/zod/index.js',
  'package-lock.json',
  'sub/host.json',
  'token-service.zip',
  '密钥/prod.pem',
];

test.each(Object.entries(readers))('%s uploads the packaged files and nothing else', (_, accepts) => {
  expect([...packaged, ...others].filter(accepts)).toEqual(packaged);
});

test('azd does not build on the server: node_modules itself is not ignored', () => {
  expect(ignore().add(funcignore).ignores('node_modules/')).toBe(false);
});
