import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Command, Emulator } from '../emulator/emulator.ts';
import { listen } from '../emulator/listen.ts';
import { readInput } from './commandInput.ts';
import { ControlError } from './controlError.ts';
import { requireLoopbackOrigin } from './requireLoopbackOrigin.ts';

/** A running control interface. */
export interface Control {
  url: string;
  close(): Promise<void>;
}

/**
 * Starts the HTTP interface that shows and changes the emulators:
 *
 * - `GET /` describes all emulators: address, state, and every command with the JSON Schema of its input;
 * - `GET /{emulator}` describes one emulator;
 * - `POST /{emulator}/{command}` runs a command with a JSON input and returns 200 with its result, or 204.
 *
 * Errors are `{error}`, with the valid names where a name is unknown.
 */
export function startControl(
  emulators: readonly Emulator[],
  { port = 0 }: { port?: number } = {},
): Promise<Control> {
  return listen(handle(emulators), { port });
}

function handle(emulators: readonly Emulator[]): RequestListener {
  return (request, response) => {
    respond(emulators, request).then(
      (body) => {
        send(response, body === undefined ? 204 : 200, body);
      },
      (error: unknown) => {
        if (!(error instanceof ControlError)) console.error(error);
        const { status, body, headers } =
          error instanceof ControlError
            ? error
            : new ControlError(500, { error: 'The control interface failed.' });
        send(response, status, body, headers);
      },
    );
  };
}

async function respond(emulators: readonly Emulator[], request: IncomingMessage): Promise<unknown> {
  requireLoopbackOrigin(request.headers);
  const [name, commandName, ...rest] = new URL(`http://localhost${request.url ?? '/'}`).pathname
    .split('/')
    .filter(Boolean);
  if (rest.length > 0) throw new ControlError(404, { error: 'Not found. Use /{emulator}/{command}.' });

  if (name === undefined) {
    requireMethod(request, 'GET');
    return { emulators: emulators.map(describe) };
  }
  const emulator = emulators.find((candidate) => candidate.name === name);
  if (emulator === undefined) {
    const known = emulators.map((candidate) => candidate.name);
    throw new ControlError(404, { error: `Unknown emulator '${name}'.`, emulators: known });
  }
  if (commandName === undefined) {
    requireMethod(request, 'GET');
    return describe(emulator);
  }
  const command = new Map(Object.entries(emulator.commands)).get(commandName);
  if (command === undefined) {
    const known = Object.keys(emulator.commands);
    throw new ControlError(404, {
      error: `Unknown command '${commandName}' of emulator '${name}'.`,
      commands: known,
    });
  }
  requireMethod(request, 'POST');
  return run(command, await readInput(request, command.input));
}

async function run(command: Command, input: unknown): Promise<unknown> {
  try {
    return await command.run(input);
  } catch (cause) {
    throw new ControlError(409, { error: cause instanceof Error ? cause.message : String(cause) });
  }
}

function requireMethod({ method }: IncomingMessage, allowed: 'GET' | 'POST'): void {
  if (method !== allowed)
    throw new ControlError(405, { error: `Method not allowed. Use ${allowed}.` }, { Allow: allowed });
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
