import { z } from 'zod';

/** What a test or the control interface injects. */
const faultSchema = (operations: readonly string[]) =>
  z
    .strictObject({
      operation: z
        .enum(operations)
        .optional()
        .describe('Applies to requests of this operation only; default: any.'),
      times: z.int().positive().default(1).describe('Number of requests to fail.'),
      at: z
        .enum(['request', 'response'])
        .default('request')
        .describe('Whether the fault comes before the operation runs, or after it and before the response.'),
      delayMs: z.int().min(0).max(600_000).default(0).describe('Delay at that point.'),
      drop: z.boolean().default(false).describe('Close the connection at that point.'),
      halfBody: z
        .boolean()
        .default(false)
        .describe('Run the operation, send half of the response body and close the connection.'),
      status: z.int().min(400).max(599).optional().describe('Return this status instead.'),
      code: z.string().optional().describe('Error code in that response.'),
      message: z.string().optional().describe('Error message in that response.'),
      retryAfter: z
        .string()
        .regex(/^[\x20-\x7e]*$/, 'must be one line of ASCII')
        .optional()
        .describe('Retry-After header of that response: seconds or an HTTP date.'),
    })
    .refine(
      ({ status, delayMs, drop, halfBody }) => status !== undefined || delayMs > 0 || drop || halfBody,
      'must have an effect: status, delayMs, drop or halfBody',
    );

/** One fault: what fails, for which requests and how often. */
export type Fault = z.output<ReturnType<typeof faultSchema>>;

/** The faults of one emulator, applied in the order in which they were armed. */
export class Faults {
  readonly schema: ReturnType<typeof faultSchema>;
  #armed: Fault[] = [];

  /** Takes the names of the emulator's operations. */
  constructor(operations: readonly string[]) {
    this.schema = faultSchema(operations);
  }

  /** Throws a ZodError for an invalid fault, such as one of an unknown operation. */
  arm(fault: z.input<Faults['schema']>): void {
    this.#armed.push(this.schema.parse(fault));
  }

  clear(): void {
    this.#armed = [];
  }

  list(): readonly Fault[] {
    return this.#armed;
  }

  /** Returns the first fault for the operation and uses it up once. */
  take(operation: string): Fault | undefined {
    const fault = this.#armed.find((armed) => armed.operation === undefined || armed.operation === operation);
    if (fault === undefined) return undefined;
    fault.times -= 1;
    if (fault.times === 0) this.#armed = this.#armed.filter((armed) => armed !== fault);
    return fault;
  }
}
