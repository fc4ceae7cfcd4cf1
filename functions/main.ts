import { app } from '@azure/functions';
import { createApp } from '../shared/app.ts';
import { registerFunctions } from './register.ts';

registerFunctions(app, createApp());
