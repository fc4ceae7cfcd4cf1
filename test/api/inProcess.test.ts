import { afterAll } from '@jest/globals';
import { describeContract } from './describeContract.ts';
import { describeRefusals } from './describeRefusals.ts';
import { startInProcess, stopInProcess } from './inProcess.ts';

describeContract('in process', startInProcess);
describeRefusals('in process', startInProcess);
afterAll(stopInProcess);
