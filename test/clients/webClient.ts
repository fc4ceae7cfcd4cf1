import { type Browser, chromium, type Page } from 'playwright-core';
import type * as tokenClient from '../../examples/web/tokenClient.ts';
import { chromiumPath, servePage, type ServedPage } from '../e2e/browser.ts';
import type { Client, ClientInput, ClientResult } from './client.ts';

/** Chromium on Linux runs as root in containers, where its sandbox does not start. */
const ARGUMENTS = process.platform === 'linux' ? ['--no-sandbox'] : [];

let browser: Browser | undefined;
let served: ServedPage | undefined;

/** The web example in Chromium, with the credential of @azure/communication-common. */
export const webClient: Client = {
  name: 'Web',
  hasCredential: true,
  missing: () => (chromiumPath === undefined ? 'chromium, or set CHROME_PATH' : undefined),
  async prepare() {
    served = await servePage(`
      import * as tokenClient from '../../examples/web/tokenClient.ts';
      Object.assign(window, { tokenClient });
    `);
    browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: ARGUMENTS });
    const page = await browser.newPage();
    await page.goto(served.url);
    return { run: (input) => runInPage(page, input) };
  },
  async close() {
    await browser?.close();
    served?.close();
  },
};

/** What the examples of the other platforms do, in a page. */
function runInPage(page: Page, input: ClientInput): Promise<ClientResult> {
  return page.evaluate(async ({ api, bearerToken, renewedBearerToken, calls, rounds, untilRefreshed }) => {
    const { TokenClient, TokenError, createCredential } = (
      globalThis as unknown as { tokenClient: typeof tokenClient }
    ).tokenClient;
    const getBearerToken = ({ renew }: { renew: boolean }) =>
      Promise.resolve(renew ? renewedBearerToken : bearerToken);
    const client = new TokenClient(api, getBearerToken);
    for (let round = 1; ; round += 1) {
      try {
        const [issued] = await Promise.all(Array.from({ length: calls }, () => client.refresh()));
        if (issued === undefined || round < rounds) continue;
        const credential = createCredential(client, issued);
        let { token } = await credential.getToken();
        const isInitial = token === issued.token;
        while (untilRefreshed && token === issued.token) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          ({ token } = await credential.getToken());
        }
        credential.dispose();
        const { communicationUserId, endpoint } = issued;
        return {
          exitCode: isInitial ? 0 : 1,
          line: { communicationUserId, endpoint },
          output: '',
        };
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        if (round < rounds) continue;
        const { code, status, retryable, requestId = '', message } = error;
        return { exitCode: 1, line: { code, status, retryable, requestId }, output: message };
      }
    }
  }, input);
}
