import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { stopSignal } from '../../local/stopSignal.ts';
import { CommandError, readCommandLine, runCommand } from '../../tools/commandLine.ts';
import { type ClientCase, cases, retryableCodes } from './cases.ts';
import type { Client, RunClient } from './client.ts';
import { commandClients } from './commandClients.ts';
import { startTestService, type TestService, unusedApi } from './testService.ts';
import { webClient } from './webClient.ts';

const clients: Client[] = [webClient, ...commandClients];

const usage = `Runs the clients of examples/ against this service with the faults that they must survive.

npm run test:clients -- [--client NAME]

  --client NAME  one of ${clients.map(({ name }) => name).join(', ')} (default: all)
  --help         show this help

A client whose compiler is missing is skipped. Exit code 1: a client does not do what it must, or none ran.
`;

const { selected } = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: { client: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  const selected = clients.filter(({ name }) => name === (values.client ?? name));
  if (selected.length === 0) throw new Error(`There is no client ${values.client ?? ''}`);
  return { help: values.help, selected };
});

await runCommand(async () => {
  const summary: string[] = [];
  let failures = 0;
  let skipped = 0;
  const signal = stopSignal();
  const service = await startTestService(signal);
  const folder = await mkdtemp(join(tmpdir(), 'test-clients-'));
  try {
    for (const client of selected) {
      const missing = client.missing();
      if (missing !== undefined) {
        skipped += 1;
        summary.push(row(client.name, `skipped: install ${missing}`));
        continue;
      }
      console.log(client.name);
      try {
        const { run, uncovered } = await client.prepare(join(folder, client.name));
        const own = cases.filter(
          ({ refreshOfTokenFor }) => refreshOfTokenFor === undefined || client.hasCredential,
        );
        const failed = await runCases(service, client.name, own, run, signal);
        failures += failed;
        const ran = `ran, ${own.length - failed} of ${own.length} cases passed`;
        summary.push(row(client.name, uncovered === undefined ? ran : `${ran}; not compiled: ${uncovered}`));
      } catch (error) {
        if (error instanceof CommandError) throw error;
        failures += 1;
        console.log(`  FAILED  ${error instanceof Error ? error.message : String(error)}`);
        summary.push(row(client.name, 'FAILED to compile or start'));
      }
    }
  } finally {
    await Promise.all(selected.map(async (client) => client.close?.()));
    await service.stop();
    await rm(folder, { recursive: true });
  }
  await build({
    entryPoints: [join(import.meta.dirname, '../../examples/react-native/useCommunicationCredential.tsx')],
    bundle: true,
    write: false,
    external: ['react', 'react-native'],
  });
  summary.push(
    row('React Native', 'bundled with esbuild, not type-checked and not run; its client is that of the web'),
    row('iOS', 'neither compiled nor run: needs Xcode'),
  );
  console.log(['', ...summary].join('\n'));
  if (failures > 0) throw new CommandError(`${failures} failed. See above.`);
  if (skipped === selected.length) throw new CommandError('No client ran.');
});

/** Runs every case. Returns how many failed. */
async function runCases(
  service: TestService,
  client: string,
  cases: ClientCase[],
  run: RunClient,
  signal: AbortSignal,
): Promise<number> {
  let failed = 0;
  for (const clientCase of cases) {
    try {
      await runCase(service, `${client}, ${clientCase.title}`, clientCase, run);
      console.log(`  ok      ${clientCase.title}`);
    } catch (error) {
      if (signal.aborted) throw new CommandError('Stopped.', 130);
      failed += 1;
      console.log(`  FAILED  ${clientCase.title}\n${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failed;
}

async function runCase(
  service: TestService,
  user: string,
  clientCase: ClientCase,
  run: RunClient,
): Promise<void> {
  const { bearer = 'valid', renewedBearer = 'valid', calls = 1, rounds = 1 } = clientCase;
  service.acs.faults.clear();
  service.acs.setTokenLifetime(clientCase.refreshOfTokenFor);
  for (const fault of clientCase.faults ?? []) service.acs.faults.arm(fault);
  await service.takeRequests();
  const bearerToken = await service.bearerToken(bearer, user);
  const renewedBearerToken = await service.bearerToken(renewedBearer, user);
  const api = clientCase.serviceIsDown ? await unusedApi() : service.api;

  const { exitCode, line, output } = await run({
    api,
    bearerToken,
    renewedBearerToken,
    calls,
    rounds,
    untilRefreshed: clientCase.refreshOfTokenFor !== undefined,
  });

  const requests = await service.takeRequests();
  assert.deepEqual(
    requests.map(({ status }) => status),
    clientCase.statuses,
    `The service got other requests than expected.\n${output}`,
  );
  for (const secret of [bearerToken, renewedBearerToken, 'eyJ']) assert(!output.includes(secret));
  if (clientCase.code === undefined) {
    const { communicationUser: communicationUserId } = requests.find(({ status }) => status === 200) ?? {};
    const { acs } = service;
    assert.partialDeepStrictEqual(line, { communicationUserId, endpoint: acs.url }, output);
    assert.equal(exitCode, 0);
  } else {
    const { code } = clientCase;
    const status = clientCase.statuses.at(-1) ?? 0;
    assert.partialDeepStrictEqual(line, { code, status, retryable: retryableCodes.has(code) }, output);
    assert.equal(Boolean(line['requestId']), status > 0, 'The request id is missing.');
    assert.match(output, /^[A-Z][^{}]+\.$/m, 'It does not print the detail of the problem.');
    assert.equal(exitCode, 1);
  }
}

function row(client: string, result: string): string {
  return `${client.padEnd(13)} ${result}`;
}
