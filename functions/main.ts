import { app } from '@azure/functions';
import { createApp } from '../shared/app.ts';
import { healthCheck } from '../shared/http/healthChecks.ts';
import { registerFunctions } from './register.ts';

const service = createApp();
registerFunctions(app, service);

// Reads the secret, and with signed-in callers the issuer's keys, before the first request needs them. A failure shows
// when a request tries again.
healthCheck(service)().catch(() => undefined);
