import { ERROR_CODES } from '../../domain/errors.js';
import type { GatewayErrorCode } from '../../domain/errors.js';
import type { Route } from '../route.js';
import { problemHeaders } from './headers.js';
import type { JsonObject } from './json.js';

const CODES = Object.keys(ERROR_CODES) as GatewayErrorCode[];
/** Codes that clients never see: they are for clients that have left or do not read, or for operators. */
const UNSEEN: ReadonlySet<GatewayErrorCode> = new Set([
  'CLIENT_CLOSED',
  'CLIENT_STALLED',
  'MAIN_THREAD_STALLED',
  'PROFILE_RUNNING',
]);

/** Statuses with which any operation may fail: limits, overload, an upstream fault, a bug. */
const EVERYWHERE = [400, 403, 404, 429, 500, 501, 502, 503, 504];

/** The upstream whose UNAUTHENTICATED concerns the caller, on open routes too: a failed sign-in. */
const CREDENTIAL_UPSTREAM = 'auth';

/** RFC 9457 problem details as the gateway writes them for every error. */
export const PROBLEM_SCHEMA: JsonObject = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Page about the code.' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string', description: 'What is wrong with this request.' },
    instance: { type: 'string', description: 'Path of the request.' },
    code: { type: 'string', enum: CODES, description: 'Stable; made to be programmed against.' },
    failure_domain: {
      type: 'string',
      enum: [...new Set(CODES.map((code) => ERROR_CODES[code].domain))],
      description: 'Whose fault it is.',
    },
    errors: {
      type: 'array',
      description: 'The places in the request that are wrong.',
      items: {
        type: 'object',
        properties: {
          field: { type: 'string', description: 'JSON path, such as `users[1].labels.team`.' },
          detail: { type: 'string' },
        },
        required: ['field', 'detail'],
      },
    },
    request_id: { type: 'string', description: 'Name it when asking for help.' },
    'violated-policies': {
      type: 'array',
      description: 'With `RATE_LIMITED`: the items of the `RateLimit-Policy` header that it is about.',
      items: { type: 'string' },
    },
  },
  required: ['type', 'title', 'status', 'code', 'failure_domain', 'request_id'],
};

/** Returns one response component per status of the closed list of codes. */
export function problemResponses(): JsonObject {
  const statuses = [...new Set(visibleCodes().map((code) => ERROR_CODES[code].status))].toSorted((a, b) => a - b);
  return Object.fromEntries(statuses.map((status) => [`Problem${status}`, describeStatus(status)]));
}

/** Returns references to the responses of some statuses, for the `responses` of an operation. */
export function problemReferences(statuses: readonly number[]): JsonObject {
  return Object.fromEntries(
    statuses.map((status) => [String(status), { $ref: `#/components/responses/Problem${status}` }]),
  );
}

/** Returns the statuses with which an operation may fail. */
export function problemStatuses({ method, body, verb }: Route): readonly number[] {
  const statuses = new Set(EVERYWHERE);
  const hasBody = body !== undefined;
  if (method.policy.access !== 'OPEN' || method.upstream === CREDENTIAL_UPSTREAM) statuses.add(401);
  if (hasBody) statuses.add(408).add(413).add(415);
  if (verb !== 'GET' || hasBody) statuses.add(409);
  if (method.policy.successStatus !== 204) statuses.add(406);
  if (method.guarded !== undefined) statuses.add(422);
  if (method.policy.etag?.requestField !== undefined) statuses.add(412);
  if (method.policy.stream.resume !== undefined) statuses.add(410);
  return [...statuses].toSorted((left, right) => left - right);
}

function visibleCodes(): GatewayErrorCode[] {
  return CODES.filter((code) => !UNSEEN.has(code));
}

function describeStatus(status: number): JsonObject {
  const codes = visibleCodes().filter((code) => ERROR_CODES[code].status === status);
  const titles = codes.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}.`);
  const examples = codes.map((code) => [code, { value: exampleProblem(code) }]);
  return {
    description: titles.join(' '),
    headers: problemHeaders(status),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(examples),
      },
    },
  };
}

function exampleProblem(code: GatewayErrorCode): JsonObject {
  const { title, status, domain } = ERROR_CODES[code];
  const request_id = '0199a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b';
  const type = `/docs/errors#${code}`;
  return {
    type,
    title,
    status,
    detail: `${title}.`,
    instance: '/',
    code,
    failure_domain: domain,
    errors: [],
    request_id,
  };
}
