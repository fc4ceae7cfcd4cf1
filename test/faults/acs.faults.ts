import { acsFaults } from './acsFaults.ts';
import { describeAcsFaults } from './describeAcsFaults.ts';

describeAcsFaults(acsFaults, { maxOverrunMs: 250 });
