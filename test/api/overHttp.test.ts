import { describeContract } from './contract.ts';
import { describeRefusals } from './refusals.ts';
import { startOverHttp } from './overHttp.ts';

describeContract('over HTTP', startOverHttp);
describeRefusals('over HTTP', startOverHttp);
