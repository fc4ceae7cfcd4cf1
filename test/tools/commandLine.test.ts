import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';

test.each([
  ['bench', ['--seconds', '0'], "--seconds must be a whole number from 1 to 60, not '0'"],
  ['bench', ['--repeats', '51'], "--repeats must be a whole number from 1 to 50, not '51'"],
  ['bench', ['--concurrency', '1,2000'], "--concurrency must be a whole number from 1 to 1000, not '2000'"],
  ['bench', ['--delay=-1'], "--delay must be a whole number from 0 to 1000, not '-1'"],
  ['bench', ['warm'], "'warm' is not one of steady, cold, memory"],
  ['simulate', ['--spread', '51'], "--spread must be a whole number from 0 to 50, not '51'"],
  ['simulate', ['--users', '0'], "--users must be a whole number from 1 to 1000000000, not '0'"],
  ['simulate', ['--memory', '1024'], "--memory must be 512, 2048 or 4096, not '1024'"],
])('%s %j says in one line what is allowed, and exits with 2', (program, args, message) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`tools/${program}.ts`, ...args], {
    encoding: 'utf8',
  });

  expect(stdout).toBe('');
  expect(stderr).toBe(`${message}. See --help.\n`);
  expect(status).toBe(2);
});
