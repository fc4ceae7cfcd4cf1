import { describeContract } from './describeContract.ts';
import { describeRefusals } from './describeRefusals.ts';
import { startOverHttp } from './overHttp.ts';

describeContract('over HTTP', startOverHttp);
describeRefusals('over HTTP', startOverHttp);
