import { describe, expect, it } from 'vitest';
import { CallContext } from '../domain/call-context.js';
import { GatewayError, type GatewayErrorCode } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import { ACCESS_FIELDS, type FieldSource } from './access-fields.js';
import { AccessLine } from './access-line.js';

const BASE = ',"service":"api-gateway","pod":"a"';
const AT = Date.UTC(2026, 10, 30, 12, 0, 0, 7);

const HTTP: FieldSource['http'] = {
  method: 'GET',
  path: '/api/v1/users/u1',
  query: '',
  httpVersion: '1.1',
  status: 200,
  remoteAddress: '192.0.2.7',
  forwardedFor: '',
  host: 'api.example.com',
  userAgent: 'curl/8',
  referer: '',
  bytesIn: 0,
  bytesOut: 321,
  durationMs: 3.0004,
  ttfbMs: 2.75,
  aborted: false,
  draining: false,
};

const ALICE = principal({ subject: 'alice', roles: ['admin'], permissions: ['user.*'] });
const EVE = principal({ subject: 'eve "\n\ud800', tenantId: 'globex\\', roles: [], permissions: undefined });

function principal(rest: Partial<Principal>): Principal {
  const tenantId = 'acme';
  return { subject: '', tenantId, identityType: 'user', authMethod: 'jwt', roles: [], ...rest } as Principal;
}

interface Given {
  readonly call?: Partial<CallContext>;
  readonly http?: Partial<FieldSource['http']>;
  readonly more?: Partial<FieldSource>;
}

function sourceOf({ call = {}, http = {}, more = {} }: Given): FieldSource {
  const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`, tracestate: '' };
  const context = Object.assign(new CallContext('r1', trace, 0, 0), call);
  const options = { hashIdentity: false, slowAuthMs: 100 };
  return { call: context, http: { ...HTTP, ...http }, authMs: 0.25, bucket: undefined, at: AT, options, ...more };
}

function refused(code: GatewayErrorCode, more: Partial<CallContext> = {}): Given {
  const error = new GatewayError(code, `It was "${code}".`, {
    cause: new Error('because\nof it', { cause: new Error('x') }),
  });
  return { call: { error, outcome: 'deny', ...more }, http: { status: error.status } };
}

const UPSTREAM = {
  upstream: 'user',
  rpc: '/user.v1.UserService/GetUser',
  grpcCode: 'OK',
  attempts: 1,
  deadlineMs: 4998.5,
};
const route = (routeLabel: string) => ({ routeLabel, upstream: { ...UPSTREAM, serviceMs: 1.5, connectMs: 0 } });

const OUTCOMES: Readonly<Record<string, Given>> = {
  'an allowed request': { call: { ...route('/a'), principal: ALICE, outcome: 'allow', jwtCacheHit: true } },
  'the next of the same route': {
    call: { ...route('/a'), principal: ALICE, outcome: 'allow', decisionReason: 'ACCESS_LEVEL_MATCH' },
  },
  'another caller of it': { call: { ...route('/a'), principal: EVE, outcome: 'allow' } },
  'another route': { call: { ...route('/b'), principal: ALICE, outcome: 'allow' } },
  'no credential': refused('UNAUTHENTICATED', { routeLabel: '/a', decisionReason: 'NO_CREDENTIALS' }),
  'a refusal by a limit': {
    ...refused('RATE_LIMITED', route('/a')),
    more: { bucket: { scope: 'tenant', capacity: 10, remaining: 3 } as FieldSource['bucket'] },
  },
  'an upstream that is gone': refused('UPSTREAM_UNAVAILABLE', route('/a')),
  'AuthService that is gone': refused('AUTH_UNAVAILABLE', route('/a')),
  'a bug': refused('INTERNAL', route('/b')),
  'texts that JSON escapes': {
    call: { routeLabel: '/ü/"x"' },
    http: {
      method: 'GÉT',
      path: '/"\\\u0001',
      query: 'code=1&b',
      userAgent: '\ud800"',
      host: 'a"b',
      referer: 'http://"?x',
    },
  },
  'a text that is cut': { http: { userAgent: 'u'.repeat(600), forwardedFor: '"'.repeat(600) } },
  'bytes that never were a request': {
    http: { ...HTTP, method: '', path: '', httpVersion: '', host: '', durationMs: 0 },
  },
  'times of all sizes': {
    call: { authnMs: 0.0004, authzMs: 1e-9, queueMs: 1234.5, rateLimitMs: 86_400_000.1, guardrail: undefined },
    http: { durationMs: 3e9 + 0.125, ttfbMs: 0.001 },
    more: { authMs: 100.01 },
  },
  'a guardrail and retries': {
    call: {
      ...route('/ai'),
      guardrail: { phase: 'request', decision: 'blocked', reason: 'pii', ms: 12.3456 },
      upstream: { ...UPSTREAM, attempts: 3, serviceMs: 0, connectMs: 0.5 },
    },
  },
};

/** The line as JSON.stringify writes it. */
function plainly(level: string, source: FieldSource): string {
  const fields = ACCESS_FIELDS.map(([name, read, kind]) => {
    const value = read(source);
    return [name, kind === 'ms' ? Math.round((value as number) * 1000) / 1000 : value] as const;
  });
  const ts = new Date(source.at).toISOString();
  const head = { level, ts, ...(JSON.parse(`{${BASE.slice(1)}}`) as object) };
  return `${JSON.stringify({ ...head, ...Object.fromEntries(fields) })}\n`;
}

describe('the line of a request', () => {
  const line = new AccessLine(BASE);

  it.each(Object.entries(OUTCOMES))('with %s is what JSON.stringify makes of its fields', (_what, given) => {
    const source = sourceOf(given);
    expect(line.of('info', source)).toBe(plainly('info', source));
  });

  it('says nothing of the requests before it, whatever they were', () => {
    const sources = Object.values(OUTCOMES).map(sourceOf);
    const pairs = sources.flatMap((one) => sources.flatMap((other) => [one, other]));
    for (const source of pairs) expect(line.of('warn', source)).toBe(plainly('warn', source));
  });

  it('has the hash of who called where identities are hashed', () => {
    const options = { hashIdentity: true, slowAuthMs: 1 };
    const source = sourceOf({ call: { principal: ALICE }, more: { options } });
    expect(new AccessLine(BASE).of('info', source)).toContain('"identity_id":"2bd806c97f0e00af"');
  });
});
