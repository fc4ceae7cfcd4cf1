import {
  burstCapacity,
  type Demand,
  peak,
  type Population,
  secondsUntilServed,
  simulate,
  steadyCapacity,
} from './demand.ts';

/** What the service runs on, and what it may use. */
export interface Plan {
  /** Tokens in 30 seconds for one Communication Services resource. */
  limit: number;
  /** How long a user may wait for a token before the app feels broken. */
  maxWaitSeconds: number;
  lifetimeHours: number;
  spreadPercent: number;
  arrivalMinutes: number;
  instances: number;
  /** HTTP concurrency of one instance. */
  concurrency: number;
  /** How long Communication Services takes for a token. */
  latencyMs: number;
  /** CPU time of one token, from npm run bench. */
  cpuMs: number;
  /** vCPU of one instance: 0.25 for 512 MB, 1 for 2048 MB. */
  cores: number;
}

/** Entities per second of one table partition and of one storage account. https://learn.microsoft.com/azure/storage/tables/scalability-targets */
const PARTITION_LIMIT = 2000;
const ACCOUNT_LIMIT = 20_000;
const LIFETIMES = [1, 4, 12, 24];

/** How many users one resource carries, by lifetime and arrival pattern. */
export function capacityRows({ limit, maxWaitSeconds, spreadPercent }: Plan): string[][] {
  return [
    [
      'lifetime',
      'spread evenly',
      `evenly, ${spreadPercent}% spread`,
      'all within an hour',
      'all within 10 minutes',
    ],
    ...LIFETIMES.map((lifetimeHours) => {
      const burst = (arrivalMinutes: number) =>
        burstCapacity({ arrivalMinutes, lifetimeHours, spreadPercent }, limit, maxWaitSeconds);
      return [
        `${lifetimeHours} h`,
        people(steadyCapacity({ lifetimeHours, spreadPercent: 0 }, limit)),
        people(steadyCapacity({ lifetimeHours, spreadPercent }, limit)),
        people(burst(60)),
        people(burst(10)),
      ];
    }),
  ];
}

/** An app launch: how long it takes with one resource, and how many resources it takes not to wait. */
export function launchRows(userCounts: readonly number[], plan: Plan): string[][] {
  const { limit, maxWaitSeconds, lifetimeHours, arrivalMinutes, spreadPercent } = plan;
  return [
    [
      'users',
      'all served, 1 resource',
      'resources, launch',
      'next day, no spread',
      `next day, ${spreadPercent}% spread`,
    ],
    ...userCounts.map((users) => {
      const population = { users, arrivalMinutes, lifetimeHours, spreadPercent };
      const perResource = burstCapacity(
        { arrivalMinutes, lifetimeHours, spreadPercent: 0 },
        limit,
        maxWaitSeconds,
      );
      const nextDay = (percent: number) => renewalPeak({ ...population, spreadPercent: percent });
      return [
        people(users),
        duration(secondsUntilServed(population, limit)),
        String(Math.ceil(users / perResource)),
        resources(nextDay(0), limit),
        resources(nextDay(spreadPercent), limit),
      ];
    }),
  ];
}

/** Where each part stops, in tokens per second. */
export function ceilingRows({ limit, instances, concurrency, latencyMs, cpuMs, cores }: Plan): string[][] {
  const byConcurrency = (concurrency * 1000) / latencyMs;
  const byCpu = (cores * 1000) / cpuMs;
  const perInstance = Math.min(byConcurrency, byCpu);
  return [
    ['ceiling', 'tokens/s', 'past it'],
    [
      'Communication Services, 1 resource',
      rate(limit / 30),
      'ask Azure support for more, or use more resources',
    ],
    ['1 instance, HTTP concurrency', rate(byConcurrency), 'raise the concurrency while CPU is left'],
    ['1 instance, CPU', rate(byCpu), 'more memory, which brings more CPU'],
    [`${instances} instances`, rate(perInstance * instances), 'raise maximumInstanceCount'],
    ['user table, 1 user (its partition)', rate(PARTITION_LIMIT), 'no user needs that'],
    ['user table, 1 storage account', rate(ACCOUNT_LIMIT), 'a second deployment with a table of its own'],
  ];
}

function renewalPeak(population: Population): number {
  const demand: Demand = simulate(population, Infinity, 2);
  // The launch itself is over; the first renewals come later.
  const firstRenewal = population.arrivalMinutes / 1440;
  return peak(demand, firstRenewal, 2);
}

function resources(demand: number, limit: number): string {
  return String(Math.max(1, Math.ceil(demand / limit)));
}

function people(count: number): string {
  return Math.round(count).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

function rate(perSecond: number): string {
  return perSecond.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

function duration(seconds: number): string {
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} days`;
}
