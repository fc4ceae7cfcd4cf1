import { acsFaults } from './acsFaults.ts';
import { describeAcsFaults } from './describeAcsFaults.ts';

/** One fault of each kind; `npm run test:faults` has them all. */
const quick = new Set([
  '400, Retry-After none',
  '403, Retry-After none',
  '404, Retry-After none',
  '429, Retry-After none',
  '429, Retry-After 3600',
  '503, Retry-After 30',
  '404 IdentityNotFound',
  '401 IdentityNotOwned',
  'hangs in the body',
  'resets the connection',
  'succeeds with an HTML page',
  'a user with a line break in its id',
  'an expired token',
  '307 to itself',
  'an endless body',
  '64 MiB in 64 KiB of gzip',
]);

// Other tests run at the same time, so this limit only tells that no request hangs.
describeAcsFaults(
  acsFaults.filter(({ name }) => quick.has(name)),
  { maxOverrunMs: 10_000 },
);
