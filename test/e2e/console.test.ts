import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import axe from 'axe-core';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { type LocalService, type LocalServiceOptions, startLocalService } from '../../local/localService.ts';
import { chromiumPath } from './browser.ts';

/** Chromium on Linux runs as root in containers, where its sandbox does not start. */
const ARGUMENTS = process.platform === 'linux' ? ['--no-sandbox'] : [];

// A story has many steps, and each waits for the page.
jest.setTimeout(90_000);

const STACK = /\n\s*at |\.[cm]?[jt]s:\d/;

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Sample', version: '1' },
  paths: {
    '/health': { get: { summary: 'Checks the dependencies', responses: { 200: { description: 'ok' } } } },
  },
};

const testInBrowser = chromiumPath === undefined ? test.skip : test;

let browser: Browser;
let service: LocalService | undefined;
let page: Page;
/** What the page must never cause: errors of scripts, and violations of its Content-Security-Policy. */
let complaints: string[];
beforeAll(async () => {
  if (chromiumPath !== undefined) {
    browser = await chromium.launch({ executablePath: chromiumPath, args: ARGUMENTS });
  }
});
afterAll(async () => {
  if (chromiumPath === undefined) return;
  await browser.close();
  await service?.stop();
});

afterEach(async () => {
  if (chromiumPath !== undefined) await page.close();
});

async function serve(options: Partial<LocalServiceOptions> = {}): Promise<LocalService> {
  await service?.stop();
  service = await startLocalService({ app: '.', port: 0, ...options });
  return service;
}

async function open(url: string): Promise<void> {
  page = await browser.newPage();
  complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(url);
  await page.getByText('Connected').waitFor();
}

const click = (name: string) => page.getByRole('button', { name }).click();
const problem = () => page.getByRole('alert');

/** Waits for the text. Fails with what the page shows instead. */
async function text(content: string): Promise<void> {
  const found = page.getByText(content, { exact: true }).first();
  await found.waitFor().catch(async (cause: unknown) => {
    const shown = await page.locator('body').innerText();
    throw new Error(`The page does not show '${content}' but:\n${shown}`, { cause });
  });
}

async function requestToken(lifetimeSeconds: number): Promise<void> {
  await page.getByLabel('Unit of the lifetime').selectOption('seconds');
  await page.getByLabel('Lifetime', { exact: true }).fill(String(lifetimeSeconds));
  await click('Get token');
}

const payload = () => page.getByRole('region', { name: 'Payload' });

/** The id of the shown token. */
async function tokenId(): Promise<string> {
  return (JSON.parse((await payload().textContent()) ?? '') as { jti: string }).jti;
}

/**
 * What the table says of each request, without its time and duration. Equal neighbours count once: on a slow
 * machine the SDK refreshes more often.
 */
async function distinctRequests(): Promise<string[]> {
  const rows = await page.getByRole('row').allInnerTexts();
  const requests = rows.slice(1).map((row) => {
    const [, request = '', status = '', , upstreamCalls = ''] = row.split(/\s*\t\s*/);
    return `${request.replace(/8:acs:…\w+/, '{id}')} ${status} ${upstreamCalls}`;
  });
  return requests.filter((request, index) => request !== requests[index - 1]);
}

/** What axe finds, and content that is wider than the page, at each width and in each theme. */
async function violations(): Promise<string[]> {
  // Runs outside of the page's Content-Security-Policy, as the developer tools do.
  await page.evaluate(axe.source);
  const found: string[] = [];
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const results = await page.evaluate<axe.AxeResults>('axe.run()');
      const nodes = results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
      const pageWidth = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (pageWidth > width) nodes.push(`The page is ${pageWidth} px wide.`);
      found.push(...nodes.map((node) => `${width} px, ${colorScheme}: ${node}`));
    }
  }
  return found;
}

async function contains(locator: Locator, content: string | RegExp): Promise<void> {
  await locator.filter({ hasText: content }).waitFor();
}

describe('with function keys', () => {
  beforeAll(async () => {
    if (chromiumPath !== undefined) await serve();
  });
  beforeEach(async () => {
    if (service !== undefined) await open(service.url);
  });

  testInBrowser('a token is issued, refreshed by the SDK, revoked, and its user deleted', async () => {
    await click('Create user');
    await text('Created the user.');
    await requestToken(6);
    await text('Valid');
    const first = await tokenId();

    await text('AzureCommunicationTokenCredential refreshed the token.');
    await payload().filter({ hasNotText: first }).waitFor();
    await page.getByLabel('Refresh before it expires').uncheck();
    await click('Revoke tokens');
    await text('Revoked');
    await requestToken(600);
    await text('Valid');
    await click('Delete user');
    await text('User deleted');

    await contains(page.getByRole('row').nth(1), /DELETE \/api\/users\/[^/]+$/);
    expect(await distinctRequests()).toEqual([
      'DELETE /api/users/{id} 204 1',
      'POST /api/users/{id}/token 200 1',
      'DELETE /api/users/{id}/token 204 1',
      'POST /api/users/{id}/token 200 1',
      'POST /api/users 201 1',
    ]);
    expect(complaints).toEqual([]);
  });

  testInBrowser(
    'a token expires when nobody refreshes it, and other clients keep their lifetime',
    async () => {
      await click('Create user');
      await page.getByText('Created the user.').waitFor();
      await requestToken(2);
      await page.getByLabel('Refresh before it expires').uncheck();
      const other = await fetch(`${service?.url ?? ''}/api/users?scope=chat`, { method: 'POST' });

      await contains(page.getByRole('status'), /^Expired$/);

      const { expiresOn } = (await other.json()) as { expiresOn: string };
      expect(Date.parse(expiresOn)).toBeGreaterThan(Date.now() + 3_600_000);
    },
  );

  testInBrowser('an armed fault causes its problem, which shows code, detail and request id', async () => {
    await click('Create user');
    await text('Created the user.');
    await click('Arm: ACS is unavailable');
    await text('Armed for the next 4 requests to ACS.');

    await click('Get token');

    await contains(problem(), '503 upstream_unavailable');
    await contains(problem(), 'Communication Services is unavailable');
    await contains(problem(), /Retry after\d+ seconds/);
    const [requestId = ''] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec((await problem().textContent()) ?? '') ?? [];
    await contains(page.getByRole('row').nth(1), `Request id ${requestId}`);
    await contains(page.getByRole('row').nth(1), /upstream_unavailable.* ms4$/);
    await text('No fault is armed.');
    expect(await page.locator('body').textContent()).not.toMatch(STACK);
  });

  testInBrowser('a refresh that fails is repeated after Retry-After', async () => {
    await click('Create user');
    await text('Created the user.');
    await requestToken(6);
    await text('Valid');

    await click('Arm: ACS is unavailable');

    await contains(
      page.getByRole('log'),
      /The refresh failed: upstream_unavailable\. The next attempt is in \d+ seconds\..*refreshed the token\.$/,
    );
    await text('Valid');
    expect(await problem().textContent()).toBe('');
  });

  testInBrowser('a lifetime outside the limits shows which field is wrong', async () => {
    await click('Create user');
    await text('Created the user.');
    await page.getByLabel('Lifetime', { exact: true }).fill('5');

    await click('Get token');

    await contains(problem(), '400 invalid_request');
    await contains(problem(), 'expiresInMinutes must be');
  });

  testInBrowser(
    'axe finds nothing wrong, empty and full, on a desktop and a phone, in light and dark',
    async () => {
      const empty = await violations();
      await click('Create user');
      await text('Created the user.');
      await requestToken(600);
      await text('Valid');
      await page.getByLabel('Communication user').fill('8:acs:unknown');
      await click('Revoke tokens');
      await contains(problem(), '400 invalid_request');

      const full = await violations();

      expect([...empty, ...full]).toEqual([]);
    },
  );
});

testInBrowser('with --enable-auth, the page sends the function key and says when it is wrong', async () => {
  const { url, listing } = await serve({ enableAuth: true });
  await open(url);
  await page.getByLabel('Function key').fill('wrong');
  await click('Create user');
  await contains(problem(), 'the function key is missing or wrong');

  await page.getByLabel('Function key').fill(listing?.functionKey ?? '');
  await click('Create user');

  await text('Created the user.');
  expect(await problem().textContent()).toBe('');
});

describe('the API reference', () => {
  beforeAll(async () => {
    if (chromiumPath !== undefined) await serve();
  });
  beforeEach(async () => {
    if (service !== undefined) await open(service.url);
  });

  testInBrowser('renders openapi.json, and its requests reach the service', async () => {
    await page.route('**/console/openapi.json', (route) => route.fulfill({ json: DOCUMENT }));
    await page.getByRole('link', { name: 'API reference' }).click();

    await page.getByText('Checks the dependencies').click();
    await click('Try it out');
    await click('Execute');

    await page.getByRole('cell', { name: '"status": "ok"' }).first().waitFor();
    expect(complaints).toEqual([]);
  });

  testInBrowser('says when there is no openapi.json', async () => {
    await page.route('**/console/openapi.json', (route) => route.fulfill({ status: 404 }));

    await page.getByRole('link', { name: 'API reference' }).click();

    await contains(page.getByRole('status'), 'There is no openapi.json');
  });
});

describe('with signed-in callers', () => {
  beforeAll(async () => {
    if (chromiumPath !== undefined) await serve({ callers: 'oidc' });
  });
  beforeEach(async () => {
    if (service !== undefined) await open(service.url);
  });

  testInBrowser('a sample user gets a token, revokes it and deletes its user', async () => {
    await page.getByLabel('Communication user').fill('me');
    await click('Get token');
    await contains(problem(), '401 unauthenticated');
    await click('Sign in');
    await text('Signed in as alice, for an hour.');

    await requestToken(6);
    await text('AzureCommunicationTokenCredential refreshed the token.');
    await page.getByLabel('Refresh before it expires').uncheck();
    await click('Revoke tokens');
    await text('Revoked');
    await click('Delete user');
    await text('User deleted');

    expect(complaints).toEqual([]);
  });

  testInBrowser('a user is not allowed to act on another user, and the administrator is', async () => {
    await page.getByLabel('Sign in as').fill('bob');
    await click('Sign in');
    await text('Signed in as bob, for an hour.');
    await click('Create user');
    await text('Created the user.');
    const bob = await page.getByLabel('Communication user').inputValue();
    await page.getByLabel('Sign in as').fill('carol');
    await click('Sign in');
    await text('Signed in as carol, for an hour.');
    await page.getByLabel('Communication user').fill(bob);
    await click('Get token');
    await contains(problem(), '403 forbidden');

    await page.getByLabel('Sign in as').fill('admin');
    await click('Sign in');
    await text('Signed in as admin, for an hour.');
    await page.getByLabel('Communication user').fill(bob);
    await click('Get token');

    await text('Valid');
  });
});

testInBrowser('the page says when the service stops, and works again when it is back', async () => {
  const { url } = await serve();
  await open(url);
  await click('Create user');
  await text('Created the user.');
  await service?.stop();
  await text('Connection lost. Run npm start; this page reconnects.');
  await click('Create user');
  await contains(problem(), 'The service cannot be reached.');

  await serve({ port: Number(new URL(url).port) });

  await text('Connected');
  await text('The service has restarted. Its users and tokens are gone.');
  await click('Create user');
  await text('Created the user.');
  expect(await problem().textContent()).toBe('');
});
