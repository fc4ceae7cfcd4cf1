import { afterAll } from '@jest/globals';
import { describeContract } from './contract.ts';
import { describeRefusals } from './refusals.ts';
import { startInProcess, stopInProcess } from './inProcess.ts';

describeContract('in process', startInProcess);
describeRefusals('in process', startInProcess);
afterAll(stopInProcess);
