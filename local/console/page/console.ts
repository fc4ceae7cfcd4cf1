import { callerHeaders, showCaller, signIn } from './caller.ts';
import { type News, startPolling } from './connection.ts';
import { byId, create, setText } from './element.ts';
import { showArmed, showFaults } from './faultList.ts';
import { clearProblem, control, showProblem } from './problem.ts';
import { addRequests, clearRequests, lastNumber } from './requestTable.ts';
import { loadSettings, type Settings } from './settings.ts';
import { type IssuedToken, type TokenOptions, TokenService } from './tokenService.ts';
import { TokenView } from './tokenView.ts';

const userId = byId('user-id', HTMLInputElement);
const lifetime = byId('lifetime', HTMLInputElement);
const unit = byId('lifetime-unit', HTMLSelectElement);
const scopes = byId('scopes', HTMLElement);
const outcome = byId('outcome', HTMLElement);

const service = new TokenService(callerHeaders);
const tokens = new TokenView();
let settings: Settings | undefined;

on('sign-in-form', 'submit', async () => {
  await signIn();
  tokens.clear();
  userId.value = 'me';
  return undefined;
});
on('create-user', 'click', async () => {
  const { id, isNew } = await service.createUser();
  tokens.clear();
  userId.value = id;
  return isNew ? 'Created the user.' : 'The user already exists.';
});
on('request-form', 'submit', async () => {
  const issue = tokenRequest();
  tokens.show(await issue(), issue);
  return 'Got a token.';
});
on('revoke', 'click', async () => {
  if (!userId.reportValidity()) return undefined;
  await service.revokeTokens(userId.value.trim());
  return 'Revoked every token of the user.';
});
on('delete', 'click', async () => {
  if (!userId.reportValidity()) return undefined;
  await service.deleteUser(userId.value.trim());
  tokens.stopRefresh();
  return 'Deleted the user.';
});
// Function keys need no button: each request sends what the field holds.
byId('key-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
});
unit.addEventListener('change', () => {
  if (unit.value === 'seconds' && lifetime.value === '') lifetime.value = '20';
});
addEventListener('resize', () => {
  addRequests([]);
});

const poll = startPolling(lastNumber, async ({ run, requests }: News) => {
  if (run !== settings?.run) {
    await restart();
    return;
  }
  addRequests(requests);
  if (settings.isEmulated) await Promise.all([tokens.check(), showArmed()]);
});

/** Shows a service that has just started: it knows nothing of what the page has. */
async function restart(): Promise<void> {
  const isFirst = settings === undefined;
  settings = await loadSettings();
  tokens.clear();
  clearProblem();
  clearRequests();
  userId.value = '';
  setText(outcome, isFirst ? '' : 'The service has restarted. Its users and tokens are gone.');
  showCaller(settings);
  showFaults(settings.isEmulated);
  byId('lifetime-hint', HTMLElement).hidden = !settings.isEmulated;
  unit.disabled = !settings.isEmulated;
  scopes.replaceChildren(...settings.scopes.map(scopeChoice));
}

/** Runs an action of the page and shows its outcome: what it returns, or the problem. */
function on(id: string, event: 'click' | 'submit', action: () => Promise<string | undefined>): void {
  byId(id, HTMLElement).addEventListener(event, (happened) => {
    happened.preventDefault();
    clearProblem();
    setText(outcome, '');
    action()
      .then((text) => {
        setText(outcome, text ?? '');
      })
      .catch(showProblem)
      .finally(() => void poll());
  });
}

/** Requests a token with what the form says now, also when it is repeated later. */
function tokenRequest(): () => Promise<IssuedToken> {
  const id = userId.value.trim();
  const checked = [...scopes.querySelectorAll('input')].filter((input) => input.checked);
  const options: TokenOptions = checked.length === 0 ? {} : { scopes: checked.map(({ value }) => value) };
  if (lifetime.value === '' || unit.value === 'minutes') {
    if (lifetime.value !== '') options.expiresInMinutes = lifetime.valueAsNumber;
    return () => service.issueToken(id, options);
  }
  const seconds = lifetime.valueAsNumber;
  return async () => {
    await control('acs/setTokenLifetime', { seconds });
    // Other clients of the service keep the lifetime that they ask for.
    return service.issueToken(id, options).finally(() => control('acs/setTokenLifetime', { seconds: null }));
  };
}

function scopeChoice(scope: string): HTMLElement {
  const input = create('input');
  input.type = 'checkbox';
  input.value = scope;
  input.checked = true;
  return create('label', '', input, ` ${scope}`);
}
