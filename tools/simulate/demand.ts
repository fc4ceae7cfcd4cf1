/** One step of the simulation: the period over which Communication Services counts its limit. */
export const STEP_SECONDS = 30;
/** Azure Communication Services: tokens issued in 30 seconds for one resource. https://learn.microsoft.com/azure/communication-services/concepts/service-limits#identity */
export const ACS_LIMIT = 1000;
/** The ACS SDKs refresh a token this long before it expires. */
const REFRESH_AHEAD_MINUTES = 10;

/** The shortest lifetime that Communication Services gives a token. */
const MIN_LIFETIME_MINUTES = 60;

/** When a token is renewed. */
export interface Renewal {
  lifetimeHours: number;
  /** TOKEN_EXPIRY_SPREAD_PERCENT, 0 to 50. */
  spreadPercent: number;
}

/** An app whose users sign in once, and stay. */
export interface Population extends Renewal {
  users: number;
  /** The users arrive evenly over this time. */
  arrivalMinutes: number;
}

/** What the users need and get, one number for each step. */
export interface Demand {
  /** New requests for a token, retries not counted. */
  requested: number[];
  /** Users who wait for a token at the end of the step. */
  waiting: number[];
}

/**
 * Simulates the token requests of a population over some days. Users who find the limit used up wait in a queue; real
 * clients retry after `Retry-After`, which takes somewhat longer. `limit` is in tokens per step.
 */
export function simulate(population: Population, limit: number, days: number): Demand {
  const steps = (days * 86_400) / STEP_SECONDS;
  const requested = arrivals(population, steps);
  const waiting: number[] = [];
  let queue = 0;
  // Renewals are added as differences between steps, which makes a spread over hundreds of steps two additions.
  const renewalChanges = new Float64Array(steps + 1);
  let renewals = 0;
  for (let step = 0; step < steps; step += 1) {
    renewals += renewalChanges[step] ?? 0;
    const demand = (requested[step] ?? 0) + Math.max(0, renewals);
    requested[step] = demand;
    const served = Math.min(queue + demand, limit);
    queue += demand - served;
    waiting.push(queue);
    scheduleRenewals(renewalChanges, step, served, population);
  }
  return { requested, waiting };
}

function arrivals({ users, arrivalMinutes }: Population, steps: number): number[] {
  const arrivalSteps = Math.max(1, (arrivalMinutes * 60) / STEP_SECONDS);
  return Array.from({ length: steps }, (_, step) => {
    const share = Math.min(1, Math.max(0, arrivalSteps - step));
    return (users * share) / arrivalSteps;
  });
}

function scheduleRenewals(
  changes: Float64Array,
  step: number,
  tokens: number,
  { lifetimeHours, spreadPercent }: Population,
): void {
  const stepsOf = (minutes: number) => Math.round((minutes * 60) / STEP_SECONDS);
  const longest = lifetimeHours * 60;
  const last = step + stepsOf(longest - REFRESH_AHEAD_MINUTES);
  const first =
    step +
    stepsOf(Math.max(MIN_LIFETIME_MINUTES, longest * (1 - spreadPercent / 100)) - REFRESH_AHEAD_MINUTES);
  const width = last - first + 1;
  if (first < changes.length) changes[first] = (changes[first] ?? 0) + tokens / width;
  if (last + 1 < changes.length) changes[last + 1] = (changes[last + 1] ?? 0) - tokens / width;
}

/** The most requests in one step from `fromDay` to `toDay`. */
export function peak({ requested }: Demand, fromDay: number, toDay: number): number {
  return Math.max(...requested.slice(stepOfDay(fromDay), stepOfDay(toDay)));
}

/** The longest wait for a token, seconds. `Infinity` when the queue is still growing at the end. */
export function longestWait({ waiting }: Demand, limit: number): number {
  const longest = Math.max(...waiting);
  const last = waiting.at(-1) ?? 0;
  return last > 0 && last >= (waiting.at(-stepOfDay(1)) ?? 0) ? Infinity : (longest / limit) * STEP_SECONDS;
}

/** Seconds until every user who has arrived first has a token. */
export function secondsUntilServed({ users, arrivalMinutes }: Population, limit: number): number {
  return Math.max(arrivalMinutes * 60, Math.ceil(users / limit) * STEP_SECONDS);
}

/** How many users a limit carries whose renewals are spread evenly over the day, as in an app that has run for weeks. */
export function steadyCapacity({ lifetimeHours, spreadPercent }: Renewal, limit: number): number {
  const longest = lifetimeHours * 60;
  const shortest = Math.max(MIN_LIFETIME_MINUTES, longest * (1 - spreadPercent / 100));
  const minutesBetweenTokens = (longest + shortest) / 2 - REFRESH_AHEAD_MINUTES;
  return (limit * minutesBetweenTokens * 60) / STEP_SECONDS;
}

/** How many users a limit carries who all arrive within a time, when nobody may wait longer than `maxWaitSeconds`. */
export function burstCapacity(
  kind: Omit<Population, 'users'>,
  limit: number,
  maxWaitSeconds: number,
): number {
  const carries = (users: number) =>
    longestWait(simulate({ ...kind, users }, limit, 2), limit) <= maxWaitSeconds;
  let [low, high] = [0, limit];
  while (carries(high)) [low, high] = [high, high * 2];
  while (high - low > low / 1000) {
    const middle = (low + high) / 2;
    if (carries(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function stepOfDay(day: number): number {
  return (day * 86_400) / STEP_SECONDS;
}
