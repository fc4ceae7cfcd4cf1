import { z } from 'zod';
import { type Faults, faultSchema } from './faults.ts';
import type { Seen } from './serve.ts';

/** One thing the control interface can do to an emulator. */
export interface Command {
  description: string;
  input: z.ZodType;
  /** Takes what `input` parsed; what it returns is answered as JSON. */
  run(input: unknown): unknown;
}

/** A part of Azure on this machine, as the control interface sees it. */
export interface Emulator {
  name: string;
  url: string;
  /** What it holds and has seen, as JSON. */
  state(): Record<string, unknown>;
  commands: Record<string, Command>;
  close(): Promise<void>;
}

export function command<Schema extends z.ZodType>(
  description: string,
  input: Schema,
  run: (input: z.output<Schema>) => unknown,
): Command {
  return { description, input, run: (value) => run(value as z.output<Schema>) };
}

/** The commands every emulator has. */
export function commonCommands(faults: Faults, seen: Seen): Record<string, Command> {
  return {
    armFault: command('Make the next requests fail.', faultSchema, (fault) => {
      faults.arm(fault);
    }),
    clearFaults: command('Forget all armed faults.', z.strictObject({}), () => {
      faults.clear();
    }),
    resetSeen: command('Start counting requests from zero.', z.strictObject({}), () => {
      seen.reset();
    }),
  };
}
