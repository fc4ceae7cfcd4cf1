import { z } from 'zod';
import type { Faults } from './faults.ts';
import type { OperationCounts } from './operationCounts.ts';

/** A command of an emulator, run through the control interface. */
export interface Command {
  description: string;
  input: z.ZodType;
  /** Takes what `input` parsed and returns JSON, or nothing. */
  run(input: unknown): unknown;
}

/** An emulated Azure service. */
export interface Emulator {
  name: string;
  url: string;
  /** What the control interface shows, as JSON. Contains no secret. */
  state(): Record<string, unknown>;
  commands: Record<string, Command>;
  close(): Promise<void>;
}

/** Defines a command whose `run` takes the parsed input. */
export function command<Schema extends z.ZodType>(
  description: string,
  input: Schema,
  run: (input: z.output<Schema>) => unknown,
): Command {
  return { description, input, run: (value) => run(value as z.output<Schema>) };
}

/** The commands that every emulator has. */
export function commonCommands(faults: Faults, requests: OperationCounts): Record<string, Command> {
  return {
    armFault: command('Make the next requests fail.', faults.schema, (fault) => {
      faults.arm(fault);
    }),
    clearFaults: command('Remove every armed fault.', z.strictObject({}), () => {
      faults.clear();
    }),
    resetCounts: command('Reset the request counts.', z.strictObject({}), () => {
      requests.reset();
    }),
  };
}
