import type { app } from '@azure/functions';

/** What functions register themselves with: the library's `app`, or whatever else collects them. */
export type FunctionApp = Pick<typeof app, 'http'>;
