import { describe, expect, it } from 'vitest';
import { shapesWith, type RpcEdit } from '../../test/support/shapes.js';
import type { ContractProblem } from './contract-problem.js';
import { readPolicy } from './policy-reader.js';
import { headerMistake } from './client-features.js';

const AUTHENTICATED = 2;

type PolicyInit = NonNullable<RpcEdit['policy']>;

/** What is wrong with a policy on an RPC of ShapeService. */
function mistakesIn(rpc: string, policy: Partial<PolicyInit>): string[] {
  const whole = { access: AUTHENTICATED, redact: ['client_secret'], protectedFields: ['shape.tenant_id'], ...policy };
  const [method] = shapesWith({ [rpc]: { policy: whole as PolicyInit } }).methods;
  const problems: ContractProblem[] = [];
  if (method === undefined) throw new Error(`${rpc} is not an RPC of ShapeService`);
  readPolicy(method, problems);
  return problems.map(({ message }) => message);
}

describe('response_headers', () => {
  it.each([
    ['location'],
    ['content-disposition'],
    ['content-language'],
    ['content-location'],
    ['link'],
    ['last-modified'],
    ['x-total-count'],
    ['operation-location'],
  ])('may name %s', (name) => {
    expect(headerMistake(name)).toBeUndefined();
  });

  it.each([
    ...['set-cookie', 'set-cookie2', 'cookie'],
    ...['connection', 'keep-alive', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
    ...['content-length', 'content-encoding', 'content-type', 'date', 'vary', 'allow', 'server', 'via'],
    ...['cache-control', 'etag', 'expires', 'pragma', 'clear-site-data'],
    ...['strict-transport-security', 'content-security-policy', 'content-security-policy-report-only'],
    ...['x-content-type-options', 'x-frame-options', 'referrer-policy', 'permissions-policy', 'refresh', 'alt-svc'],
    ...['access-control-allow-origin', 'cross-origin-opener-policy', 'timing-allow-origin', 'service-worker-allowed'],
    ...['www-authenticate', 'authorization', 'x-request-id', 'traceparent', 'server-timing', 'x-gateway-error'],
    ...['retry-after', 'ratelimit', 'ratelimit-policy', 'idempotency-replayed', 'deprecation', 'x-accel-redirect'],
    ...['grpc-status', 'grpc-message', 'trace-bin', ':status', 'Location', 'a b', 'a:b', 'é', ''],
  ])('may not name "%s"', (name) => {
    expect(headerMistake(name)).toContain(`"${name}"`);
  });

  it.each<[string, Partial<PolicyInit>, string]>([
    ['twice', { responseHeaders: ['link', 'link'] }, 'names a header twice'],
    ['too many', { responseHeaders: Array.from({ length: 21 }, (_, n) => `x-h${n}`) }, 'more than 20 names'],
    ['a cookie', { responseHeaders: ['set-cookie'] }, 'cookies of clients'],
  ])('are refused at boot: %s', (_, policy, mistake) => {
    expect(mistakesIn('UpdateShape', policy)).toEqual([expect.stringContaining(mistake)]);
  });
});

describe('deprecation', () => {
  it.each<[what: string, policy: Partial<PolicyInit>, mistake: string]>([
    ['without a date', { deprecation: {} }, 'deprecation.since "" is not a date'],
    ['with words', { deprecation: { since: 'soon' } }, 'deprecation.since "soon" is not a date'],
    ['with a day that is none', { deprecation: { since: '2026-02-31' } }, '"2026-02-31" is not a date'],
    ['with a time without an offset', { deprecation: { since: '2026-02-01T10:00:00' } }, 'is not a date'],
    ['with an hour that is none', { deprecation: { since: '2026-02-01T25:00:00Z' } }, 'is not a date'],
    ['that ends before it begins', { deprecation: { since: '2026-02-02', sunset: '2026-02-01' } }, 'is before'],
    ['with a link that is none', { deprecation: { since: '2026-02-02', link: 'here' } }, 'deprecation.link "here"'],
    ['with a link that ends', { deprecation: { since: '2026-02-02', link: '/a>; rel="x' } }, 'deprecation.link'],
    [
      'with a header of the backend',
      { deprecation: { since: '2026-02-02' }, responseHeaders: ['link'] },
      'deprecation and response_headers "link" exclude each other',
    ],
  ])('%s is refused', (_what, policy, mistake) => {
    expect(mistakesIn('GetFile', policy).join()).toContain(mistake);
  });

  it.each(['2026-01-31', '2026-01-31T12:00:00Z', '2024-02-29T00:00:00.5+02:00'])('may begin on %s', (since) => {
    expect(mistakesIn('GetFile', { deprecation: { since, link: '/docs/v2' } }).join()).not.toContain('deprecation');
  });
});

describe('stream.resume', () => {
  it.each<[string, string, Partial<PolicyInit>, string]>([
    ['on an open RPC', 'WatchShape', { access: 1, stream: { resume: {} } }, 'stream.resume needs a caller'],
    ['of a raw body', 'StreamFile', { redact: [], stream: { resume: {} } }, 'a raw body has none'],
    ['kept for days', 'WatchShape', { stream: { resume: { keep: { seconds: 86_400n } } } }, 'at most 3600000ms'],
    ['kept for no time', 'WatchShape', { stream: { resume: { keep: { seconds: 0n } } } }, 'above zero'],
  ] as never)('is refused at boot %s', (_, rpc, policy, mistake) => {
    expect(mistakesIn(rpc, { protectedFields: [], ...policy })).toEqual([expect.stringContaining(mistake)]);
  });
});

describe('etag', () => {
  it.each<[string, string, Partial<PolicyInit>, string]>([
    ['without a field', 'UpdateShape', { etag: {} }, 'names no field'],
    ['of an unknown field', 'UpdateShape', { etag: { requestField: 'nope' } }, 'has no field "nope"'],
    ['of a message', 'UpdateShape', { etag: { requestField: 'shape' } }, 'must be a string'],
    ['in a list', 'ListShapes', { etag: { responseField: 'shapes.name' } }, 'is in a list'],
    ['of a stream', 'WatchShape', { etag: { responseField: 'name' } }, 'for unary RPCs'],
  ] as never)('is refused at boot %s', (_, rpc, policy, mistake) => {
    const own = { redact: rpc === 'ListShapes' ? ['shapes.client_secret'] : ['client_secret'] };
    const fields =
      rpc === 'UpdateShape' ? {} : { protectedFields: [], ...(rpc === 'ListShapes' && { tenantField: 'tenant_id' }) };
    expect(mistakesIn(rpc, { ...own, ...fields, ...policy })).toContainEqual(expect.stringContaining(mistake));
  });
});
