import { z } from 'zod';

export const faultSchema = z.strictObject({
  operation: z.string().optional().describe('Only requests of this operation; any when absent.'),
  times: z.int().positive().default(1).describe('How many requests it strikes.'),
  at: z
    .enum(['request', 'answer'])
    .default('request')
    .describe('Before the work is done, or after it, when only the answer is touched.'),
  delayMs: z.int().min(0).max(600_000).default(0).describe('Wait this long at that point.'),
  drop: z.boolean().default(false).describe('Destroy the connection at that point.'),
  halfBody: z
    .boolean()
    .default(false)
    .describe('Do the work, send half of the answer, destroy the connection.'),
  status: z.int().min(400).max(599).optional().describe('Answer this status instead.'),
  code: z.string().optional().describe('Error code in the body of that answer.'),
  message: z.string().optional().describe('Error message in the body of that answer.'),
  retryAfter: z.string().optional().describe('Retry-After header of that answer: seconds or an HTTP date.'),
});

/** What goes wrong, for which requests and how often. */
export type Fault = z.output<typeof faultSchema>;

/** The faults armed against one emulator, struck in the order in which they were armed. */
export class Faults {
  #armed: Fault[] = [];

  arm(fault: z.input<typeof faultSchema>): void {
    this.#armed.push(faultSchema.parse(fault));
  }

  clear(): void {
    this.#armed = [];
  }

  list(): readonly Fault[] {
    return this.#armed;
  }

  /** Uses up one strike of the first fault armed for the operation. */
  take(operation: string): Fault | undefined {
    const fault = this.#armed.find((armed) => armed.operation === undefined || armed.operation === operation);
    if (fault === undefined) return undefined;
    fault.times -= 1;
    if (fault.times === 0) this.#armed = this.#armed.filter((armed) => armed !== fault);
    return fault;
  }
}
