import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Command, Emulator } from '../emulator/emulator.ts';
import { listen } from '../emulator/listen.ts';
import { readInput } from './readInput.ts';
import { Refusal } from './refusal.ts';
import { refuseStrangers } from './refuseStrangers.ts';

export interface Control {
  url: string;
  close(): Promise<void>;
}

/**
 * The one way to see and change the emulators from outside their process:
 *
 * - `GET /` describes them all: address, state, and every command with the JSON Schema of its input;
 * - `GET /{emulator}` describes one;
 * - `POST /{emulator}/{command}` runs a command on the JSON it is sent and answers 200 with its result, or 204.
 *
 * What goes wrong is answered as `{error}`, with a list of what would have been right.
 */
export function startControl(
  emulators: readonly Emulator[],
  { port = 0 }: { port?: number } = {},
): Promise<Control> {
  return listen(control(emulators), { port });
}

function control(emulators: readonly Emulator[]): RequestListener {
  return (request, response) => {
    answer(emulators, request).then(
      (body) => {
        send(response, body === undefined ? 204 : 200, body);
      },
      (error: unknown) => {
        if (!(error instanceof Refusal)) console.error(error);
        const { status, body, headers } =
          error instanceof Refusal ? error : new Refusal(500, { error: 'The control interface failed.' });
        send(response, status, body, headers);
      },
    );
  };
}

async function answer(emulators: readonly Emulator[], request: IncomingMessage): Promise<unknown> {
  refuseStrangers(request.headers);
  const [name, commandName, ...rest] = new URL(`http://localhost${request.url ?? '/'}`).pathname
    .split('/')
    .filter(Boolean);
  if (rest.length > 0) throw new Refusal(404, { error: 'There is nothing below a command.' });

  if (name === undefined) {
    allow(request, 'GET');
    return { emulators: emulators.map(describe) };
  }
  const emulator = emulators.find((candidate) => candidate.name === name);
  if (emulator === undefined) {
    const known = emulators.map((candidate) => candidate.name);
    throw new Refusal(404, { error: `There is no emulator '${name}'.`, emulators: known });
  }
  if (commandName === undefined) {
    allow(request, 'GET');
    return describe(emulator);
  }
  const found = new Map(Object.entries(emulator.commands)).get(commandName);
  if (found === undefined) {
    const known = Object.keys(emulator.commands);
    throw new Refusal(404, {
      error: `The emulator '${name}' has no command '${commandName}'.`,
      commands: known,
    });
  }
  allow(request, 'POST');
  return run(found, await readInput(request, found.input));
}

async function run(command: Command, input: unknown): Promise<unknown> {
  try {
    return await command.run(input);
  } catch (cause) {
    throw new Refusal(409, { error: cause instanceof Error ? cause.message : String(cause) });
  }
}

function allow({ method }: IncomingMessage, allowed: 'GET' | 'POST'): void {
  if (method !== allowed) throw new Refusal(405, { error: `Use ${allowed}.` }, { Allow: allowed });
}

function describe(emulator: Emulator) {
  const commands = Object.entries(emulator.commands).map(([name, { description, input }]) => [
    name,
    { description, input: z.toJSONSchema(input, { io: 'input' }) },
  ]);
  return {
    name: emulator.name,
    url: emulator.url,
    state: emulator.state(),
    commands: Object.fromEntries(commands) as unknown,
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  response.end(body === undefined ? undefined : `${JSON.stringify(body, undefined, 2)}\n`);
}
