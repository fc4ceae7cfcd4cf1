import { app } from '@azure/functions';
import { startService } from '../shared/app.ts';
import { registerFunctions } from './register.ts';

registerFunctions(app, startService());
