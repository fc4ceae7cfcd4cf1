import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readSettings } from '../../shared/config.ts';
import { ServiceError } from '../../shared/errors.ts';

const vault = { KEY_VAULT_URI: 'https://name.vault.azure.net/' };
const guid = '01234567-89ab-cdef-0123-456789abcdef';

/** Every setting that can be wrong. */
const names = [
  'KEY_VAULT_URI',
  'ACS_CONNECTION_STRING_SECRET',
  'ACS_SECRET_TTL_SECONDS',
  'ACS_ENDPOINT',
  'AZURE_CLIENT_ID',
  'TOKEN_ALLOWED_SCOPES',
  'TOKEN_DEFAULT_SCOPES',
  'TOKEN_DEFAULT_EXPIRY_MINUTES',
  'TOKEN_MAX_EXPIRY_MINUTES',
  'TOKEN_EXPIRY_SPREAD_PERCENT',
  'REQUEST_DEADLINE_SECONDS',
  'CALLER_AUTH',
  'CALLER_REQUESTS_PER_MINUTE',
  'OIDC_ISSUER',
  'OIDC_SUBJECT_CLAIM',
  'USER_TABLE_ENDPOINT',
  'USER_TABLE_NAME',
  'USER_TABLE_CONNECTION_STRING',
  'TEAMS_CLIENT_ID',
  'TELEMETRY',
];

/** The operator hint for wrong settings. */
function hintOf(env: NodeJS.ProcessEnv): string {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'misconfigured') return error.operatorHint ?? '';
    throw error;
  }
  throw new Error('The settings are accepted.');
}

test('KEY_VAULT_URI is the only setting that function keys need', () => {
  const settings = readSettings(vault);

  expect(settings).toEqual({
    acs: {
      vault: new URL('https://name.vault.azure.net/'),
      secretName: 'acs-connection-string',
      secretTtlMs: 600_000,
    },
    identity: { managed: false, clientId: undefined },
    tokenPolicy: {
      allowedScopes: ['chat', 'voip'],
      defaultScopes: ['chat', 'voip'],
      maxExpiryMinutes: 1440,
      defaultExpiryMinutes: 1440,
      expirySpreadPercent: 10,
    },
    callers: { auth: 'function-key' },
    telemetry: undefined,
    requestsPerMinute: 10,
    deadlineMs: 10_000,
  });
});

test('every setting replaces its default', () => {
  const settings = readSettings({
    ...vault,
    ACS_CONNECTION_STRING_SECRET: 'other-secret',
    ACS_SECRET_TTL_SECONDS: '60',
    AZURE_CLIENT_ID: guid,
    TOKEN_ALLOWED_SCOPES: 'voip, chat.join ,chat',
    TOKEN_DEFAULT_SCOPES: 'chat',
    TOKEN_DEFAULT_EXPIRY_MINUTES: '90',
    TOKEN_MAX_EXPIRY_MINUTES: '120',
    TOKEN_EXPIRY_SPREAD_PERCENT: '0',
    REQUEST_DEADLINE_SECONDS: '5',
    CALLER_AUTH: 'function-key',
    CALLER_REQUESTS_PER_MINUTE: '7',
    IDENTITY_ENDPOINT: 'http://169.254.130.2:8081/msi/token',
    TELEMETRY: 'azure-monitor',
    APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=1',
  });

  expect(settings).toEqual({
    acs: {
      vault: new URL('https://name.vault.azure.net/'),
      secretName: 'other-secret',
      secretTtlMs: 60_000,
    },
    identity: { managed: true, clientId: guid },
    tokenPolicy: {
      allowedScopes: ['voip', 'chat.join', 'chat'],
      defaultScopes: ['chat'],
      maxExpiryMinutes: 120,
      defaultExpiryMinutes: 90,
      expirySpreadPercent: 0,
    },
    callers: { auth: 'function-key' },
    telemetry: { connectionString: 'InstrumentationKey=1' },
    requestsPerMinute: 7,
    deadlineMs: 5000,
  });
});

test('an empty setting counts as absent', () => {
  const others = names.filter((name) => name !== 'KEY_VAULT_URI');

  const settings = readSettings({ ...vault, ...Object.fromEntries(others.map((name) => [name, ''])) });

  expect(settings).toEqual(readSettings(vault));
});

test('ignores environment variables that are not settings', () => {
  const settings = readSettings({ ...vault, PATH: '/usr/bin', acs_endpoint: 'garbage' });

  expect(settings).toEqual(readSettings(vault));
});

test.each([[{}], [{ KEY_VAULT_URI: '' }], [{ ACS_ENDPOINT: '' }]])(
  'requires KEY_VAULT_URI or ACS_ENDPOINT: %j',
  (env) => {
    const hint = hintOf(env);

    expect(hint).toContain('KEY_VAULT_URI is required');
  },
);

test.each([[{}], [vault]])('ACS_ENDPOINT needs no vault and takes precedence over one: %j', (env) => {
  const settings = readSettings({ ...env, ACS_ENDPOINT: 'https://name.communication.azure.com' });

  expect(settings.acs).toEqual({ endpoint: new URL('https://name.communication.azure.com/') });
});

test('TELEMETRY=azure-monitor needs APPLICATIONINSIGHTS_CONNECTION_STRING', () => {
  const hint = hintOf({ ...vault, TELEMETRY: 'azure-monitor' });

  expect(hint).toBe('APPLICATIONINSIGHTS_CONNECTION_STRING is required with TELEMETRY=azure-monitor');
});

test('ignores APPLICATIONINSIGHTS_CONNECTION_STRING while TELEMETRY is off', () => {
  const settings = readSettings({ ...vault, APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=1' });

  expect(settings).toEqual(readSettings({ ...vault, TELEMETRY: 'off' }));
});

describe('numbers', () => {
  const bounds: [string, number, number, object][] = [
    ['ACS_SECRET_TTL_SECONDS', 1, 86_400, {}],
    ['REQUEST_DEADLINE_SECONDS', 1, 200, {}],
    ['CALLER_REQUESTS_PER_MINUTE', 0, 1_000_000, {}],
    ['TOKEN_DEFAULT_EXPIRY_MINUTES', 60, 1440, {}],
    ['TOKEN_EXPIRY_SPREAD_PERCENT', 0, 50, {}],
    ['TOKEN_MAX_EXPIRY_MINUTES', 60, 1440, { TOKEN_DEFAULT_EXPIRY_MINUTES: '60' }],
  ];

  test.each(bounds)('%s may be %d and %d', (name, least, most, others) => {
    const [atLeast, atMost] = [least, most].map((value) =>
      readSettings({ ...vault, ...others, [name]: String(value) }),
    );

    expect(atLeast).not.toEqual(atMost);
  });

  test.each(bounds)(
    '%s is rejected below %d, above %d and when it is not a whole number',
    (name, ...rest) => {
      const [least, most, others] = rest;
      const values = [
        least - 1,
        most + 1,
        -most,
        `${least}.5`,
        '1e2',
        '0x64',
        ` ${least}`,
        'ten',
        '٦٠',
        '1,0',
      ];

      const hints = values.map((value) => hintOf({ ...vault, ...others, [name]: String(value) }));

      expect(hints).toEqual(values.map(() => `${name} must be a whole number from ${least} to ${most}`));
    },
  );

  test('the default expiry must not exceed the maximum', () => {
    const hint = hintOf({
      ...vault,
      TOKEN_DEFAULT_EXPIRY_MINUTES: '121',
      TOKEN_MAX_EXPIRY_MINUTES: '120',
    });

    expect(hint).toBe('TOKEN_DEFAULT_EXPIRY_MINUTES must not be more than TOKEN_MAX_EXPIRY_MINUTES');
  });
});

describe.each(['KEY_VAULT_URI', 'ACS_ENDPOINT'])('%s', (name) => {
  const urlOf = (url: string) => {
    const { acs } = readSettings({ [name]: url });
    return ('endpoint' in acs ? acs.endpoint : acs.vault).href;
  };

  test.each([
    ['https://name.example.net', 'https://name.example.net/'],
    ['https://name.example.net:8443/', 'https://name.example.net:8443/'],
    ['https://127.0.0.1:8080', 'https://127.0.0.1:8080/'],
  ])('may be %s', (url, expected) => {
    const href = urlOf(url);

    expect(href).toBe(expected);
  });

  test.each([
    'name.vault.azure.net',
    'http://name.vault.azure.net/',
    'http://127.0.0.1:8080/',
    'http://127.0.0.1.example.net/',
    'http://0.0.0.0/',
    'ftp://127.0.0.1/',
    'https://name.vault.azure.net/secrets',
    'https://user@name.vault.azure.net/',
    'https://:password@name.vault.azure.net/',
    'https://name.vault.azure.net/?api-version=7.0',
    'https://name.vault.azure.net/#fragment',
    'https://',
  ])('must not be %s', (url) => {
    const hint = hintOf({ [name]: url });

    expect(hint).toBe(`${name} must be an https URL without a path, such as https://name.vault.azure.net/`);
  });
});

describe('scopes', () => {
  test.each(['chat', 'chat,voip', 'chat,voip,chat.join,chat.join.limited,voip.join'])('may be %s', (text) => {
    const { tokenPolicy } = readSettings({ ...vault, TOKEN_ALLOWED_SCOPES: text });

    expect(tokenPolicy.allowedScopes).toEqual(text.split(','));
    expect(tokenPolicy.defaultScopes).toEqual(text.split(','));
  });

  test.each(['pstn', 'chat,', ',', ' ', 'chat,chat', 'Chat', 'chat voip', 'chat;voip'])(
    'must not be %j',
    (text) => {
      const hints = ['TOKEN_ALLOWED_SCOPES', 'TOKEN_DEFAULT_SCOPES'].map((name) =>
        hintOf({ ...vault, [name]: text }),
      );

      expect(hints).toEqual([
        expect.stringMatching(/^TOKEN_ALLOWED_SCOPES /),
        expect.stringMatching(/^TOKEN_DEFAULT_SCOPES /),
      ]);
    },
  );

  test('the default scopes must be allowed', () => {
    const hint = hintOf({ ...vault, TOKEN_ALLOWED_SCOPES: 'chat', TOKEN_DEFAULT_SCOPES: 'chat,voip' });

    expect(hint).toBe('TOKEN_DEFAULT_SCOPES must be among TOKEN_ALLOWED_SCOPES');
  });
});

describe('the OIDC settings', () => {
  const oidc = {
    ...vault,
    CALLER_AUTH: 'oidc',
    OIDC_ISSUER: 'https://login.example.net/tenant/v2.0',
    OIDC_AUDIENCE: 'api://tokens',
    OIDC_REQUIRED_SCOPE: 'Tokens.Issue',
    USER_TABLE_ENDPOINT: 'https://name.table.core.windows.net',
  };
  const callersOf = (env: NodeJS.ProcessEnv) => readSettings({ ...oidc, ...env }).callers;

  test('need an issuer, an audience and a table', () => {
    const callers = callersOf({});

    expect(callers).toEqual({
      auth: 'oidc',
      issuer: 'https://login.example.net/tenant/v2.0',
      audience: 'api://tokens',
      adminRole: 'TokenService.Admin',
      subjectClaim: 'sub',
      requiredScopes: ['Tokens.Issue'],
      allowedClients: undefined,
      userTable: { name: 'users', endpoint: new URL('https://name.table.core.windows.net/') },
    });
  });

  test('are all reported when they are missing', () => {
    const hint = hintOf({ ...vault, CALLER_AUTH: 'oidc' });

    expect(hint).toBe(
      [
        'OIDC_ISSUER is required with CALLER_AUTH=oidc',
        'OIDC_AUDIENCE is required with CALLER_AUTH=oidc',
        'OIDC_REQUIRED_SCOPE is required with CALLER_AUTH=oidc (none if the tokens have no scopes)',
        'USER_TABLE_ENDPOINT is required with CALLER_AUTH=oidc',
      ].join('; '),
    );
  });

  test.each([
    ['none', undefined],
    ['a', ['a']],
    ['a b, c', ['a', 'b', 'c']],
  ])('may require one of the scopes %s', (text, requiredScopes) => {
    expect(callersOf({ OIDC_REQUIRED_SCOPE: text })).toMatchObject({ requiredScopes });
  });

  test('may allow certain clients only', () => {
    expect(callersOf({ OIDC_ALLOWED_CLIENTS: 'web, phone' })).toMatchObject({
      allowedClients: ['web', 'phone'],
    });
  });

  test.each(['OIDC_REQUIRED_SCOPE', 'OIDC_ALLOWED_CLIENTS'])('reject an empty list in %s', (name) => {
    expect(hintOf({ ...oidc, [name]: ' , ' })).toBe(`${name} must name at least one`);
  });

  test('may name the application whose Teams tokens are exchanged', () => {
    expect(callersOf({ TEAMS_CLIENT_ID: guid })).toMatchObject({ teamsClientId: guid });
    expect(callersOf({})).toMatchObject({ teamsClientId: undefined });
  });

  test('reject a TEAMS_CLIENT_ID that is not a GUID', () => {
    expect(hintOf({ ...oidc, TEAMS_CLIENT_ID: 'contoso' })).toBe(
      'TEAMS_CLIENT_ID must be a client id (a GUID)',
    );
  });

  test.each([[{}], [{ CALLER_AUTH: 'function-key' }]])(
    'reject TEAMS_CLIENT_ID with function keys: %j',
    (env) => {
      expect(hintOf({ ...vault, ...env, TEAMS_CLIENT_ID: guid })).toBe(
        'TEAMS_CLIENT_ID needs CALLER_AUTH=oidc',
      );
    },
  );

  test('may name another claim, role and table', () => {
    const callers = callersOf({
      OIDC_ADMIN_ROLE: 'Administrator',
      OIDC_SUBJECT_CLAIM: 'oid',
      USER_TABLE_NAME: 'people',
    });

    expect(callers).toMatchObject({
      adminRole: 'Administrator',
      subjectClaim: 'oid',
      userTable: { name: 'people' },
    });
  });

  test.each(['https://login.example.net', 'http://127.0.0.1:9000/oidc', 'https://login.example.net/a/'])(
    'keep the issuer exactly as written: %s',
    (issuer) => {
      const callers = callersOf({ OIDC_ISSUER: issuer });

      expect(callers).toHaveProperty('issuer', issuer);
    },
  );

  test.each([
    'login.example.net',
    'http://login.example.net',
    'ftp://127.0.0.1/',
    'https://login.example.net/?a=b',
    'https://login.example.net/#a',
    'https://user@login.example.net/',
    'https://:password@login.example.net/',
  ])('reject the issuer %s', (issuer) => {
    const hint = hintOf({ ...oidc, OIDC_ISSUER: issuer });

    expect(hint).toBe('OIDC_ISSUER must be an https URL');
  });

  test.each([
    'UseDevelopmentStorage=true',
    'UseDevelopmentStorage=true;',
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;TableEndpoint=http://127.0.0.1:10002/a;',
  ])('accept the storage emulator: %s', (connectionString) => {
    const callers = callersOf({ USER_TABLE_ENDPOINT: '', USER_TABLE_CONNECTION_STRING: connectionString });

    expect(callers).toHaveProperty('userTable', { name: 'users', connectionString });
  });

  test.each([
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b',
    'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=b;EndpointSuffix=core.windows.net',
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;TableEndpoint=https://a.table.core.windows.net',
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;TableEndpoint=http://127.0.0.1.example.net/',
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;TableEndpoint=http://127.0.0.1/;TableEndpoint=https://a.table.core.windows.net',
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;TableEndpoint=https://a.table.core.windows.net;QueueEndpoint=http://127.0.0.1/',
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;TableEndpoint=https://a.table.core.windows.net;UseDevelopmentStorage=true',
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;EndpointSuffix=core.windows.net;TableEndpoint=http://127.0.0.1/',
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;TableEndpoint=',
    'tableendpoint=https://a.table.core.windows.net;DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;TableEndpoint=http://127.0.0.1/',
    'endpointsuffix=core.windows.net;DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b;TableEndpoint=http://127.0.0.1/',
    // The SDK ignores space before a name.
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b; TableEndpoint=https://a.table.core.windows.net;TableEndpoint=http://127.0.0.1/',
    'UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://example.net',
  ])('reject a connection string of real storage: %s', (connectionString) => {
    const hint = hintOf({ ...oidc, USER_TABLE_CONNECTION_STRING: connectionString });

    expect(hint).toMatch(/^USER_TABLE_CONNECTION_STRING must name the storage emulator on loopback/);
  });

  test.each([
    'TableEndpoint=http://127.0.0.1:10002/a',
    'AccountName=a;AccountKey=b;TableEndpoint=http://127.0.0.1:10002/a',
    'DefaultEndpointsProtocol=http;AccountName=;AccountKey=b;TableEndpoint=http://127.0.0.1:10002/a',
    'DefaultEndpointsProtocol=http;AccountName=a;TableEndpoint=http://127.0.0.1:10002/a',
  ])('reject a connection string that the table SDK does not accept: %s', (connectionString) => {
    const hint = hintOf({ ...oidc, USER_TABLE_CONNECTION_STRING: connectionString });

    expect(hint).toMatch(
      /^USER_TABLE_CONNECTION_STRING .* with DefaultEndpointsProtocol, AccountName and AccountKey/,
    );
  });
});

test.each([
  ['OIDC_SUBJECT_CLAIM', 'a claim'],
  ['USER_TABLE_NAME', '1users'],
  ['USER_TABLE_NAME', 'us'],
  ['USER_TABLE_NAME', 'users-table'],
  ['ACS_CONNECTION_STRING_SECRET', 'under_score'],
  ['ACS_CONNECTION_STRING_SECRET', 'name/version'],
  ['ACS_CONNECTION_STRING_SECRET', 'a'.repeat(128)],
  ['AZURE_CLIENT_ID', `{${guid}}`],
  ['AZURE_CLIENT_ID', guid.slice(1)],
  ['TELEMETRY', 'on'],
  ['TELEMETRY', 'Azure-Monitor'],
  ['CALLER_AUTH', 'none'],
  ['CALLER_AUTH', 'Function-Key'],
])('%s must not be %s', (name, value) => {
  const hint = hintOf({ ...vault, [name]: value });

  expect(hint).toMatch(new RegExp(`^${name} must be [^;]*$`));
});

test('the hint names every wrong setting', () => {
  const hint = hintOf({
    KEY_VAULT_URI: 'http://example.net',
    TOKEN_ALLOWED_SCOPES: 'pstn',
    REQUEST_DEADLINE_SECONDS: 'soon',
  });

  expect(hint.split('; ').map((part) => part.split(' ')[0])).toEqual([
    'KEY_VAULT_URI',
    'TOKEN_ALLOWED_SCOPES',
    'REQUEST_DEADLINE_SECONDS',
  ]);
});

describe('the hint names the setting and never its value', () => {
  test('for arbitrary text', () => {
    // No hint contains a tilde, and no valid setting begins with one.
    const garbage = fc.string({ unit: 'binary', minLength: 3, maxLength: 200 }).map((text) => `~${text}`);

    fc.assert(
      fc.property(fc.constantFrom(...names), garbage, (name, value) => {
        const hint = hintOf({ ...vault, [name]: value });

        expect(hint).toMatch(new RegExp(`^${name} `));
        expect(hint).not.toContain('~');
      }),
    );
  });

  test('for a secret inside a URL, a name or a list', () => {
    const templates = fc.constantFrom(
      (secret: string) => `https://${secret}@name.vault.azure.net/`,
      (secret: string) => `https://:${secret}@name.vault.azure.net/`,
      (secret: string) => `http://${secret}.example.net/`,
      (secret: string) => `https://name.vault.azure.net/${secret}`,
      (secret: string) => `https://name.vault.azure.net/?sig=${secret}`,
      (secret: string) => `chat,${secret}`,
      (secret: string) => `endpoint=https://name.example.net/;accesskey=${secret}`,
    );
    // No hint has a q before a hex digit.
    const secrets = fc.uuid().map((uuid) => uuid.replaceAll(/[^-]+/g, 'q$&'));
    const values = fc
      .tuple(templates, secrets)
      .map(([insert, secret]) => ({ value: insert(secret), secret }));

    fc.assert(
      // An issuer may have a path, and a claim may be named by a URL, so they accept some of these values.
      fc.property(
        fc.constantFrom(...names.filter((name) => !['OIDC_ISSUER', 'OIDC_SUBJECT_CLAIM'].includes(name))),
        values,
        (name, { value, secret }) => {
          const hint = hintOf({ ...vault, [name]: value });

          expect(hint).toContain(name);
          for (const part of secret.split('-')) expect(hint).not.toContain(part);
        },
      ),
    );
  });
});
