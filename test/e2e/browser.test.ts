import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AzureCommunicationTokenCredential } from '@azure/communication-common';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type LocalService, startLocalService } from '../../local/localService.ts';
import { chromiumPath, servePage, type ServedPage } from './browser.ts';

/** Chromium on Linux runs as root in containers, where its sandbox does not start. */
const ARGUMENTS = process.platform === 'linux' ? ['--no-sandbox'] : [];
const LIFETIME_SECONDS = 4;

const testInBrowser = chromiumPath === undefined ? test.skip : test;

let service: LocalService;
let served: ServedPage;
let browser: Browser | undefined;
let page: Page;
let tokenUrl: string;
beforeAll(async () => {
  if (chromiumPath === undefined) return;
  service = await startLocalService({ app: '.', port: 0 });
  served = await servePage(`
    import { AzureCommunicationTokenCredential } from '@azure/communication-common';
    Object.assign(window, { AzureCommunicationTokenCredential });
  `);
  browser = await chromium.launch({ executablePath: chromiumPath, args: ARGUMENTS });
  page = await browser.newPage();
  await page.goto(served.url);
  tokenUrl = `${service.url}/api/users/${service.azure.acs.identities.create()}/token`;
});
afterAll(async () => {
  if (chromiumPath === undefined) return;
  await browser?.close();
  served.close();
  await service.stop();
});

testInBrowser('a page on another port gets a token, and refreshes it before it expires', async () => {
  service.azure.acs.setTokenLifetime(LIFETIME_SECONDS);

  const tokens = await page.evaluate(async (url) => {
    const { AzureCommunicationTokenCredential: Credential } = globalThis as unknown as {
      AzureCommunicationTokenCredential: typeof AzureCommunicationTokenCredential;
    };
    // A JSON body makes the browser ask first, with a preflight.
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"scopes":["chat"]}',
    };
    const fetchToken = async () => ((await (await fetch(url, init)).json()) as { token: string }).token;
    const first = await fetchToken();
    const credential = new Credential({ token: first, refreshProactively: true, tokenRefresher: fetchToken });
    for (;;) {
      const { token: inUse } = await credential.getToken();
      if (inUse !== first) {
        credential.dispose();
        return { first, inUse };
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }, tokenUrl);

  expect(tokens.inUse).not.toBe(tokens.first);
  expect(await service.azure.acs.isTokenValid(tokens.inUse)).toBe(true);
});

testInBrowser('a page on another port reads Retry-After and the request id of a 429', async () => {
  service.azure.acs.faults.arm({ operation: 'issueToken', status: 429, retryAfter: '30' });

  const rejected = await page.evaluate(async (url) => {
    const { status, headers } = await fetch(url);
    return { status, retryAfter: headers.get('retry-after'), requestId: headers.get('x-request-id') };
  }, tokenUrl);

  expect(rejected).toEqual({
    status: 429,
    retryAfter: '30',
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});
