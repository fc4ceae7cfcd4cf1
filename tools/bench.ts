import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCold } from './bench/cold.ts';
import { measureMemory } from './bench/memory.ts';
import { goalsOf, plots, type Results, textReport } from './bench/report.ts';
import { measureSteady } from './bench/steady.ts';
import { createSubjects } from './bench/subjects.ts';
import { CommandError, readCommandLine, readNumber, readNumbers, runCommand } from './commandLine.ts';

const usage = `Measures what a token costs: this service beside a bare signed request, the raw SDK, a minimal function
and the function of Microsoft's tutorial, all on this machine. Prints tables, and writes results.json and plots.

npm run bench -- [steady] [cold] [memory] [--concurrency N,…] [--delay MS,…] [--seconds N]
                 [--repeats N] [--out DIR]

  steady, cold, memory  what to measure; default: all three, which takes about 20 minutes
  --concurrency N,…     requests under way at once, 1 to 1000; default 1,32,256
  --delay MS,…          how long Communication Services takes, 0 to 1000 ms; default 0,20
  --seconds N           length of one measurement, 1 to 60; default 1
  --repeats N           how often each is repeated, 1 to 50; default 11
  --out DIR             folder for the results; default bench-results
  --help                show this text

Exits with 1 when a goal is missed. Close other programs first: ratios hold under load, figures do not.
`;

const sections = ['steady', 'cold', 'memory'] as const;

const options = readCommandLine(usage, () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      concurrency: { type: 'string', default: '1,32,256' },
      delay: { type: 'string', default: '0,20' },
      seconds: { type: 'string', default: '1' },
      repeats: { type: 'string', default: '11' },
      out: { type: 'string', default: 'bench-results' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.find((name) => !sections.some((section) => section === name));
  if (unknown !== undefined) throw new RangeError(`'${unknown}' is not one of ${sections.join(', ')}`);
  return {
    help: values.help,
    sections: sections.filter((section) => positionals.length === 0 || positionals.includes(section)),
    steady: {
      concurrencies: readNumbers('--concurrency', values.concurrency, 1, 1000),
      delays: readNumbers('--delay', values.delay, 0, 1000),
      seconds: readNumber('--seconds', values.seconds, 1, 60),
      repeats: readNumber('--repeats', values.repeats, 1, 50),
    },
    out: resolve(values.out),
  };
});

/** The first is enough to have compiled and allocated what stays. */
const MEMORY_MILESTONES = [20_000, 200_000];

await runCommand(async () => {
  const results: Results = { measuredOn: describeMachine() };
  const subjects = await createSubjects();
  try {
    if (options.sections.includes('cold')) {
      results.cold = await measureCold(subjects, options.steady.repeats, progress);
    }
    if (options.sections.includes('steady')) {
      results.steady = await measureSteady(subjects, options.steady, progress);
    }
    if (options.sections.includes('memory')) {
      results.memory = await measureMemory(subjects, MEMORY_MILESTONES, progress);
    }
  } finally {
    await subjects.close();
  }
  process.stdout.write(`${textReport(results)}\n`);
  await mkdir(options.out, { recursive: true });
  const files = { 'results.json': `${JSON.stringify(results, null, 2)}\n`, ...plots(results) };
  for (const [name, content] of Object.entries(files)) await writeFile(join(options.out, name), content);
  process.stderr.write(`Wrote ${Object.keys(files).join(', ')} to ${options.out}\n`);
  const missed = goalsOf(results).filter(({ met }) => !met).length;
  if (missed > 0) throw new CommandError(`${missed} goals were missed. See the table.`);
});

function progress(step: string): void {
  process.stderr.write(`${step}\n`);
}

function describeMachine(): string {
  const [cpu] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  return `Measured ${date} with Node ${process.versions.node} on ${process.platform}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}`;
}
