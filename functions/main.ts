import { app } from '@azure/functions';
import { startService } from '../shared/service.ts';
import { registerFunctions } from './functions.ts';

registerFunctions(app, startService());
