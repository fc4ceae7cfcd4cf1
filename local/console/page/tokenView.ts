import { AzureCommunicationTokenCredential } from '@azure/communication-common';
import { byId, create, setText, timeOfDay } from './element.ts';
import { clearProblem, control, ProblemError, showProblem } from './problem.ts';
import type { IssuedToken } from './tokenService.ts';

const STATUS_TEXTS = {
  not_issued_here: 'Unknown',
  expired: 'Expired',
  revoked: 'Revoked',
  identity_deleted: 'User deleted',
  access_key_regenerated: 'Access key regenerated',
};

const panel = byId('token', HTMLElement);
const status = byId('token-status', HTMLElement);
const countdown = byId('countdown', HTMLElement);
const life = byId('life', HTMLProgressElement);
const autoRefresh = byId('auto-refresh', HTMLInputElement);
const history = byId('history', HTMLElement);

/** Shows a token, keeps it fresh with the credential of the client SDK, and asks the emulator whether it is valid. */
export class TokenView {
  #credential: AzureCommunicationTokenCredential | undefined;
  #token: IssuedToken | undefined;
  #refresh: () => Promise<IssuedToken> = () => Promise.reject(new Error('There is no token.'));
  #receivedAt = 0;

  constructor() {
    autoRefresh.addEventListener('change', () => {
      this.#keepFresh();
    });
    byId('copy', HTMLElement).addEventListener('click', () => {
      navigator.clipboard.writeText(this.#token?.token ?? '').then(
        () => {
          this.note('Copied the token.');
        },
        () => {
          this.note('The browser denied access to the clipboard.');
        },
      );
    });
    setInterval(() => {
      this.#showLife();
    }, 250);
  }

  /** Shows a new token; `refresh` gets the next one. */
  show(issued: IssuedToken, refresh: () => Promise<IssuedToken>): void {
    this.#refresh = refresh;
    this.#display(issued);
    this.note('The service issued a token.');
    this.#keepFresh();
  }

  /** Gets no more tokens; the shown one stays. */
  stopRefresh(): void {
    this.#credential?.dispose();
    this.#credential = undefined;
  }

  clear(): void {
    this.stopRefresh();
    this.#token = undefined;
    history.replaceChildren();
    this.#showPanel();
  }

  note(text: string): void {
    history.append(create('p', '', create('time', '', timeOfDay(new Date())), create('span', '', text)));
    history.scrollTop = history.scrollHeight;
  }

  /** Asks the emulator of Communication Services, as its chat service asks the real one. */
  async check(): Promise<void> {
    const checked = this.#token;
    if (checked === undefined) return;
    const response = await control('acs/checkToken', { token: checked.token });
    const { valid, reason } = (await response.json()) as {
      valid: boolean;
      reason?: keyof typeof STATUS_TEXTS;
    };
    if (this.#token !== checked) return;
    const text = reason === undefined ? 'Valid' : STATUS_TEXTS[reason];
    if (status.textContent !== text && !valid)
      this.note(`The token is no longer accepted: ${text.toLowerCase()}.`);
    setText(status, text);
    status.className = `badge ${valid ? 'good' : 'bad'}`;
  }

  #keepFresh(): void {
    this.stopRefresh();
    if (this.#token === undefined || !autoRefresh.checked) return;
    const credential = new AzureCommunicationTokenCredential({
      token: this.#token.token,
      refreshProactively: true,
      tokenRefresher: async () => {
        const isWanted = () => this.#credential === credential;
        const issued = await this.#refreshPatiently(isWanted);
        if (isWanted()) {
          this.#display(issued);
          this.note('AzureCommunicationTokenCredential refreshed the token.');
        }
        return issued.token;
      },
    });
    this.#credential = credential;
  }

  /** The credential does not repeat a failed refresh, so its refresher waits for Retry-After and tries again. */
  async #refreshPatiently(isWanted: () => boolean): Promise<IssuedToken> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const issued = await this.#refresh();
        if (attempt > 1) clearProblem();
        return issued;
      } catch (error) {
        if (!isWanted()) throw error;
        showProblem(error);
        const { code, retryAfter } =
          error instanceof ProblemError ? error : { code: 'no connection', retryAfter: 2 };
        const next =
          retryAfter === undefined ? 'Get a new token.' : `The next attempt is in ${retryAfter} seconds.`;
        this.note(`The refresh failed: ${code ?? 'rejected by the host'}. ${next}`);
        if (retryAfter === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000 * (1 + Math.random() / 10)));
        if (!isWanted()) throw error;
      }
    }
  }

  #display(issued: IssuedToken): void {
    this.#token = issued;
    this.#receivedAt = Date.now();
    const [header = '', payload = ''] = issued.token.split('.');
    setText(byId('token-header', HTMLElement), decode(header));
    setText(byId('token-payload', HTMLElement), decode(payload));
    this.#showPanel();
    this.#showLife();
  }

  #showPanel(): void {
    panel.hidden = this.#token === undefined;
    byId('no-token', HTMLElement).hidden = this.#token !== undefined;
    setText(status, '');
    status.className = 'badge';
  }

  #showLife(): void {
    if (this.#token === undefined) return;
    const expiresAt = Date.parse(this.#token.expiresOn);
    const left = Math.max(0, expiresAt - Date.now());
    setText(countdown, left === 0 ? 'Expired' : duration(left));
    life.max = expiresAt - this.#receivedAt;
    life.value = left;
  }
}

function decode(part: string): string {
  const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
    char.charCodeAt(0),
  );
  return JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), undefined, 2);
}

/** For example 23:59:59, or 0:20. */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  const hours = Math.floor(seconds / 3600);
  return [...(hours > 0 ? [hours] : []), ...parts].join(':');
}
