import { expect, test } from '@jest/globals';
import { strFromU8, strToU8, unzipSync } from 'fflate';
import { zipPackage } from '../../../tools/package/zipPackage.ts';

const [a, b] = [strToU8('{"version":"2.0"}'), strToU8('bundle')];

test('holds every file, in the order of their names', () => {
  const zip = zipPackage(
    new Map([
      ['host.json', a],
      ['dist/main.cjs', b],
    ]),
  );

  const files = Object.entries(unzipSync(zip)).map(([path, bytes]) => [path, strFromU8(bytes)]);
  expect(files).toEqual([
    ['dist/main.cjs', 'bundle'],
    ['host.json', '{"version":"2.0"}'],
  ]);
});

test('is the same, byte for byte, in whatever order the files were found', () => {
  const one = zipPackage(
    new Map([
      ['a', a],
      ['b', b],
    ]),
  );
  const other = zipPackage(
    new Map([
      ['b', b],
      ['a', a],
    ]),
  );

  expect(Buffer.from(one).equals(other)).toBe(true);
});
