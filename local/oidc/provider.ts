import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { JWK } from 'jose';
import { errors, Provider } from 'oidc-provider';
import { isSampleRedirectUri, SAMPLE_CLIENT, SAMPLE_GRANT } from './sampleClient.ts';

const ADMINISTRATOR = 'admin';
const HOUR_SECONDS = 3600;
const GRANT_TYPES = ['authorization_code', 'refresh_token', SAMPLE_GRANT];

/** A signing key with its private part. */
export interface SigningKey extends JWK {
  kty: string;
  kid: string;
  alg: 'RS256';
}

/** Creates a random signing key. */
export function createSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kty: 'RSA', kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

interface ProviderOptions {
  issuer: string;
  /** The audience of the access tokens. */
  audience: string;
  /** The role in the sample administrator's access tokens. */
  adminRole: string;
  signingKey: SigningKey;
}

/** Creates an OpenID Connect provider that issues JWT access tokens for one API. Every name can sign in. */
export function createProvider({ issuer, audience, adminRole, signingKey }: ProviderOptions): Provider {
  const resourceServer = {
    audience,
    scope: 'tokens',
    accessTokenFormat: 'jwt' as const,
    accessTokenTTL: HOUR_SECONDS,
    jwt: { sign: { alg: signingKey.alg } },
  };
  const provider = new Provider(issuer, {
    jwks: { keys: [signingKey] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    clients: [
      {
        client_id: SAMPLE_CLIENT,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: GRANT_TYPES,
        response_types: ['code'],
        // The provider requires one; see isSampleRedirectUri.
        redirect_uris: ['http://localhost/callback'],
      },
    ],
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: (_ctx, token) =>
      'accountId' in token && token.accountId === ADMINISTRATOR ? { roles: [adminRole] } : {},
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => resourceServer,
        useGrantedResource: () => true,
      },
    },
  });

  provider.Client.prototype.redirectUriAllowed = isSampleRedirectUri;

  provider.registerGrantType<{ username?: string }>(
    SAMPLE_GRANT,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      if (!params.username) throw new errors.InvalidRequest('username is missing');
      const accountId = params.username;
      const grant = new provider.Grant({ accountId, clientId: client.clientId });
      grant.addResourceScope(audience, resourceServer.scope);
      const token = new provider.AccessToken({
        client,
        accountId,
        grantId: await grant.save(),
        gty: SAMPLE_GRANT,
        resourceServer: new provider.ResourceServer(audience, resourceServer),
        scope: resourceServer.scope,
      });
      const value = await token.save();
      ctx.body = { access_token: value, expires_in: token.expiration, token_type: token.tokenType };
    },
    'username',
  );
  return provider;
}
