import { expect, test } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { computeSha256Hash, computeSha256Hmac } from '../../../shared/azure/sha256.ts';

const text = 'POST\n/identities?api-version=1\nThu, 26 Nov 2026 10:00:00 GMT;host;ä';

test('signs with the key of each call, whichever key was used before', async () => {
  const keys = ['short', 'x'.repeat(64), 'short', 'x'.repeat(100)].map((key) => Buffer.from(key));

  for (const key of keys) {
    expect(await computeSha256Hmac(key.toString('base64'), text, 'base64')).toBe(
      createHmac('sha256', key).update(text).digest('base64'),
    );
  }
});

test('hashes text as UTF-8', async () => {
  expect(await computeSha256Hash(text, 'base64')).toBe(createHash('sha256').update(text).digest('base64'));
});
