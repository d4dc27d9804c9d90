import type { Configuration, JWKS, KoaContextWithOIDC } from 'oidc-provider';
import type { Directory } from '../data/directory.js';
import type { IdentityStore } from './memory-adapter.js';
import { messagePage, signOutPage } from './pages.js';

const SCOPES = ['openid', 'email', 'profile'];
const HOUR = 3600;

interface ProviderParts {
  readonly directory: Directory;
  readonly store: IdentityStore;
  readonly jwks: JWKS;
  readonly cookieKey: string;
}

/** Returns the configuration of the sandbox's identity provider: as the OpenID Connect and OAuth security profiles require, without a consent page. */
export function providerConfig({ directory, store, jwks, cookieKey }: ProviderParts): Configuration {
  return {
    adapter: (kind) => store.adapterFor(kind),
    jwks,
    scopes: SCOPES,
    responseTypes: ['code'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    cookies: { keys: [cookieKey] },
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      IdToken: HOUR,
      Interaction: HOUR,
      Session: 12 * HOUR,
      Grant: 12 * HOUR,
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, id) => findAccount(directory, id),
    loadExistingGrant: grantEverything,
    renderError: (context, { error, error_description: detail }) => {
      context.type = 'html';
      context.body = messagePage('This did not work', `${error}${detail === undefined ? '' : `: ${detail}`}`);
    },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => void (context.body = signOutPage(form)),
        postLogoutSuccessSource: (context) =>
          void (context.body = messagePage('Signed out', 'You are signed out of the sandbox.')),
      },
    },
    // Its protection against loopback addresses would reject the gateway.
    fetch: (url, options) => fetch(url, withoutDispatcher(options)),
  };
}

function withoutDispatcher(options: RequestInit | undefined): RequestInit {
  const plain = { ...options };
  Reflect.deleteProperty(plain, 'dispatcher');
  return plain;
}

function findAccount(directory: Directory, id: string) {
  const user = directory.users.get(id);
  if (user === undefined) return undefined;
  const { email, displayName: name } = user;
  return { accountId: id, claims: () => ({ sub: id, email, email_verified: true, name }) };
}

/** Users of the sandbox have already consented. */
async function grantEverything({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider } = oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(SCOPES.join(' '));
  await grant.save();
  return grant;
}
