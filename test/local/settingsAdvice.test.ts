import { expect, test } from '@jest/globals';
import { settingsAdvice, type SettingSources } from '../../local/settingsAdvice.ts';

const advise = (sources: Partial<SettingSources>) =>
  settingsAdvice({ environment: {}, file: {}, overridden: {}, oidc: false, ...sources });

test.each<[string, Partial<SettingSources>, string[]]>([
  ['a correct setting', { environment: { TOKEN_ALLOWED_SCOPES: 'chat' } }, []],
  ['an empty one', { environment: { TOKEN_ALOWED_SCOPES: '' } }, []],
  [
    'a misspelt one in the environment',
    { environment: { TOKEN_ALOWED_SCOPES: 'chat' } },
    ['TOKEN_ALOWED_SCOPES is not a setting of this service. Did you mean TOKEN_ALLOWED_SCOPES?'],
  ],
  [
    'a misspelt prefix in the environment',
    { environment: { TOKN_ALLOWED_SCOPES: 'chat' } },
    ['TOKN_ALLOWED_SCOPES is not a setting of this service. Did you mean TOKEN_ALLOWED_SCOPES?'],
  ],
  [
    'a setting that nobody knows, in the file',
    { file: { COLOUR: 'blue' } },
    ['COLOUR is not a setting of this service.'],
  ],
  [
    'the variables of other programs',
    { environment: { PATH: '/bin', TOKEN: 'x', COLOUR: 'blue', HOME_ID: '1' } },
    [],
  ],
  [
    'what the host and the tools read',
    { file: { FUNCTIONS_WORKER_RUNTIME: 'node', AzureWebJobsStorage: '' } },
    [],
  ],
  ['a connection string for npm start', { environment: { ACS_CONNECTION_STRING: 'x' } }, []],
  [
    'a vault beside the emulated one',
    {
      file: { KEY_VAULT_URI: 'https://name.vault.azure.net/' },
      overridden: { KEY_VAULT_URI: 'https://127.0.0.1/' },
    },
    ['KEY_VAULT_URI has no effect here: npm start uses its own.'],
  ],
  [
    'oidc callers without the option',
    { file: { CALLER_AUTH: 'oidc', OIDC_ISSUER: 'https://id.example' } },
    [
      'CALLER_AUTH=oidc has no effect here. Run npm start -- --callers oidc.',
      'OIDC_ISSUER has no effect without --callers oidc.',
    ],
  ],
  ['oidc settings with the option', { environment: { OIDC_SUBJECT_CLAIM: 'oid' }, oidc: true }, []],
])('for %s, says what has no effect', (_title, sources, lines) => {
  expect(advise(sources)).toEqual(lines);
});
