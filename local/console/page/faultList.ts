import { byId, create, setText } from './element.ts';
import { control, send, showProblem } from './problem.ts';

interface Fault {
  title: string;
  effect: string;
  /** What the service answers. */
  problem: string;
  input: Record<string, unknown>;
}

const FAULTS: Fault[] = [
  {
    title: 'ACS throttles',
    effect: 'The next answer is 429. For 15 seconds, the service then answers without asking ACS.',
    problem: '429 too_many_requests',
    input: { status: 429, code: 'TooManyRequests', retryAfter: '15' },
  },
  {
    title: 'ACS is unavailable',
    effect: 'The next four answers are 503. The service repeats what is safe to repeat.',
    problem: '503 upstream_unavailable',
    input: { status: 503, code: 'ServiceUnavailable', times: 4 },
  },
  {
    title: 'ACS rejects the access key',
    effect: 'The service reads the secret again and finds the same key.',
    problem: '502 upstream_rejected',
    input: { status: 401, code: 'Denied' },
  },
  {
    title: 'ACS does not answer',
    effect: 'The deadline of the request passes.',
    problem: '504 upstream_timeout',
    input: { delayMs: 60_000 },
  },
  {
    title: 'ACS is slow',
    effect: 'The next answer takes two seconds.',
    problem: 'No problem',
    input: { delayMs: 2000 },
  },
];

const armed = byId('armed', HTMLElement);
const clear = byId('clear-faults', HTMLButtonElement);

/** Lists the faults with a button each. */
export function showFaults(isEmulated: boolean): void {
  byId('faults', HTMLElement).hidden = !isEmulated;
  byId('no-faults', HTMLElement).hidden = isEmulated;
  clear.onclick = () => void run('acs/clearFaults', {});
  byId('fault-list', HTMLElement).replaceChildren(...FAULTS.map(card));
}

/** Shows how many requests of ACS will fail. */
export async function showArmed(): Promise<void> {
  const response = await send('/console/control/acs');
  const { state } = (await response.json()) as { state: { faults: { times: number }[] } };
  const count = state.faults.reduce((sum, { times }) => sum + times, 0);
  setText(
    armed,
    count === 0
      ? 'No fault is armed.'
      : `Armed for the next ${count === 1 ? 'request' : `${count} requests`} to ACS.`,
  );
  armed.className = count === 0 ? '' : 'is-armed';
}

function card({ title, effect, problem, input }: Fault): HTMLElement {
  const button = create('button', '', 'Arm');
  button.type = 'button';
  button.setAttribute('aria-label', `Arm: ${title}`);
  button.onclick = () => void run('acs/armFault', input);
  return create(
    'li',
    '',
    create('div', '', create('h3', '', title), create('p', 'hint', effect), create('p', 'code', problem)),
    button,
  );
}

async function run(command: string, input: Record<string, unknown>): Promise<void> {
  await control(command, input).then(showArmed).catch(showProblem);
}
