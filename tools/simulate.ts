import { parseArgs } from 'node:util';
import { readCommandLine, readNumber, readNumbers } from './commandLine.ts';
import { ACS_LIMIT } from './simulate/demand.ts';
import { capacityRows, ceilingRows, launchRows } from './simulate/tables.ts';
import { textTable } from './textTable.ts';

const usage = `Shows how many users one Communication Services resource carries, what an app launch needs, and where each
part of the service stops. A model: it sends no requests.

npm run simulate -- [--users N,…] [--arrival MINUTES] [--lifetime HOURS] [--spread PERCENT]
                    [--limit N] [--max-wait SECONDS] [--instances N] [--concurrency N]
                    [--latency MS] [--cpu MICROSECONDS] [--memory MB]

  --users N,…         users of a launch, 1 to 1000000000; default 10000,1000000,100000000
  --arrival MINUTES   the time in which they all open the app, 1 to 1440; default 10
  --lifetime HOURS    of a token, 1 to 24; default 24
  --spread PERCENT    TOKEN_EXPIRY_SPREAD_PERCENT, 0 to 50; default 10
  --limit N           tokens in 30 s for one resource, 1 to 1000000; default ${ACS_LIMIT}
  --max-wait SECONDS  how long a user may wait for a token, 0 to 3600; default 60
  --instances N       of the function app, 1 to 1000; default 40
  --concurrency N     HTTP requests at once in one instance, 1 to 1000; default 16
  --latency MS        how long Communication Services takes, 1 to 10000; default 100
  --cpu MICROSECONDS  CPU time of one token, 1 to 1000000; default 1000; npm run bench measures it
  --memory MB         of an instance, 512, 2048 or 4096; default 512
  --help              show this text
`;

/** vCPU of an instance, by its memory in MB. https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#instance-sizes */
const CORES: Record<string, number> = { 512: 0.25, 2048: 1, 4096: 2 };

const { users, plan } = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: {
      users: { type: 'string', default: '10000,1000000,100000000' },
      arrival: { type: 'string', default: '10' },
      lifetime: { type: 'string', default: '24' },
      spread: { type: 'string', default: '10' },
      limit: { type: 'string', default: String(ACS_LIMIT) },
      'max-wait': { type: 'string', default: '60' },
      instances: { type: 'string', default: '40' },
      concurrency: { type: 'string', default: '16' },
      latency: { type: 'string', default: '100' },
      cpu: { type: 'string', default: '1000' },
      memory: { type: 'string', default: '512' },
      help: { type: 'boolean', default: false },
    },
  });
  const cores = CORES[values.memory];
  if (cores === undefined) throw new RangeError(`--memory must be 512, 2048 or 4096, not '${values.memory}'`);
  return {
    help: values.help,
    users: readNumbers('--users', values.users, 1, 1_000_000_000),
    plan: {
      arrivalMinutes: readNumber('--arrival', values.arrival, 1, 1440),
      lifetimeHours: readNumber('--lifetime', values.lifetime, 1, 24),
      spreadPercent: readNumber('--spread', values.spread, 0, 50),
      limit: readNumber('--limit', values.limit, 1, 1_000_000),
      maxWaitSeconds: readNumber('--max-wait', values['max-wait'], 0, 3600),
      instances: readNumber('--instances', values.instances, 1, 1000),
      concurrency: readNumber('--concurrency', values.concurrency, 1, 1000),
      latencyMs: readNumber('--latency', values.latency, 1, 10_000),
      cpuMs: readNumber('--cpu', values.cpu, 1, 1_000_000) / 1000,
      cores,
    },
  };
});

const { maxWaitSeconds, arrivalMinutes, lifetimeHours } = plan;
process.stdout.write(
  [
    textTable(
      `Users that one Communication Services resource carries, nobody waiting longer than ${maxWaitSeconds} s`,
      capacityRows(plan),
    ),
    textTable(
      `A launch: everyone opens the app within ${arrivalMinutes} min, tokens live ${lifetimeHours} h. Resources so that nobody waits longer than ${maxWaitSeconds} s`,
      launchRows(users, plan),
    ),
    textTable('Where each part stops', ceilingRows(plan), [0, 2]),
    '',
  ].join('\n\n'),
);
