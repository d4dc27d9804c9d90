import type { Json, JsonObject } from '../contract/openapi/json.js';
import { OWN_TAG, type OwnOperation } from '../contract/openapi/extra-operations.js';

const TEXTS: JsonObject = { type: 'array', items: { type: 'string' } };
const RETURN_TO = query('returnTo', 'Path of this origin to return to after the sign-in.', { type: 'string' });
const TENANT = query('tenant', 'The tenant to sign in to.', { type: 'string' });
const PROMPT = query(
  'prompt',
  'Sign in without showing a page to the user; redirects to `returnTo` whether or not it succeeds.',
  { const: 'none' },
);
const PROVIDER: JsonObject = {
  name: 'provider',
  in: 'path',
  required: true,
  description: 'Name of an identity provider.',
  schema: { type: 'string', minLength: 1 },
};

const SESSION: JsonObject = {
  type: 'object',
  properties: {
    subject: { type: 'string' },
    tenantId: { type: 'string' },
    roles: TEXTS,
    permissions: TEXTS,
    provider: { type: 'string' },
    createTime: { type: 'string', format: 'date-time' },
    expireTime: { type: 'string', format: 'date-time' },
    idleTimeoutSeconds: { type: 'number' },
    idleSecondsLeft: { type: 'integer' },
    logoutUrl: { type: 'string', format: 'uri-reference' },
  },
  required: ['subject', 'tenantId', 'roles', 'permissions', 'provider', 'createTime', 'expireTime', 'logoutUrl'],
};
const LOGOUT: JsonObject = {
  type: 'object',
  properties: { logoutUrl: { type: 'string', format: 'uri-reference' } },
  required: ['logoutUrl'],
};
const LOGOUT_TOKEN: JsonObject = {
  type: 'object',
  properties: {
    logout_token: { type: 'string', description: 'A logout token (OpenID Connect Back-Channel Logout 1.0).' },
  },
  required: ['logout_token'],
};

/** OpenAPI operations of signing in and out, by the name of the handler. */
export const SSO_OPERATIONS = {
  begin: describe('Gateway_BeginLogin', 'Signs in', {
    description: 'Redirects a browser to the identity provider of the tenant, or to the only one.',
    parameters: [RETURN_TO, TENANT, PROMPT],
    responses: { '302': redirect('To the identity provider.') },
    problems: [400, 404, 429, 500, 503],
  }),
  beginAt: describe('Gateway_BeginLoginAt', 'Signs in at one identity provider', {
    description: 'Redirects a browser to an identity provider.',
    parameters: [PROVIDER, RETURN_TO, TENANT, PROMPT],
    responses: { '302': redirect('To the identity provider.') },
    problems: [400, 404, 429, 500, 503],
  }),
  complete: describe('Gateway_CompleteLogin', 'Completes a sign-in', {
    description: 'Redirect URI for identity providers; creates the session.',
    parameters: [
      PROVIDER,
      query('code', 'The authorization code.', { type: 'string' }),
      query('state', 'The state of the sign-in.', { type: 'string' }),
      query('error', 'Error code of the identity provider.', { type: 'string' }),
    ],
    responses: { '302': redirect('To the `returnTo` of the sign-in.') },
    problems: [400, 401, 403, 404, 429, 500, 502, 503, 504],
  }),
  session: describe('Gateway_GetSession', 'Returns the session', {
    description: 'Returns the identity of the caller, the lifetime of the session, and the URL to sign out.',
    parameters: [query('peek', 'Does not extend the session.', { const: '1' })],
    security: [{ session: [] }],
    responses: { '200': json('The session.', SESSION) },
    problems: [400, 401, 403, 429, 500, 503],
  }),
  logout: describe('Gateway_Logout', 'Signs out', {
    description: 'Ends the session here, and returns the URL to end it at the identity provider.',
    parameters: [],
    security: [{ session: [], csrf: [] }, {}],
    responses: { '200': json('The session has ended.', LOGOUT) },
    problems: [400, 401, 403, 429, 500, 503],
  }),
  leave: describe('Gateway_LeaveProvider', 'Signs out at the identity provider', {
    description: 'Redirects a browser to the identity provider, with the ticket of `logoutUrl`.',
    parameters: [query('ticket', 'The ticket in `logoutUrl`.', { type: 'string' })],
    responses: { '302': redirect('To the identity provider, or home.') },
    problems: [400, 429, 500, 503],
  }),
  backchannel: describe('Gateway_BackchannelLogout', 'Receives a back-channel logout', {
    description: 'Ends the sessions that a signed logout token of an identity provider names.',
    parameters: [],
    requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema: LOGOUT_TOKEN } } },
    responses: { '200': { description: 'The sessions have ended.' } },
    problems: [400, 413, 415, 429, 500, 503],
  }),
} as const;

interface Facts {
  readonly description: string;
  readonly parameters: readonly Json[];
  readonly responses: JsonObject;
  readonly problems: readonly number[];
  readonly security?: readonly Json[];
  readonly requestBody?: JsonObject;
}

function describe(operationId: string, summary: string, { problems, ...rest }: Facts): OwnOperation {
  return { operation: { operationId, tags: [OWN_TAG], summary, ...rest }, problems };
}

function query(name: string, description: string, schema: JsonObject): JsonObject {
  return { name, in: 'query', description, schema };
}

function redirect(description: string): JsonObject {
  return { description, headers: { Location: { schema: { type: 'string', format: 'uri-reference' } } } };
}

function json(description: string, schema: JsonObject): JsonObject {
  return { description, content: { 'application/json': { schema } } };
}
