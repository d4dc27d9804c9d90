import { describe, expect, test } from 'vitest';
import { type Policy, policyOf } from '../domain/policy.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { formatProblem } from './config-error.js';
import { parseEnvironment } from './environment.js';
import { methodProblems } from './method-invariants.js';

const CONFIG = parseEnvironment({
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
});

function method(policy: Partial<Policy>, rest: Partial<RpcMethod> = {}): RpcMethod {
  const { upstream = 'user', kind = 'unary', service = `${upstream}.v1.Service` } = rest;
  return {
    upstream,
    service,
    name: 'Get',
    path: `/${upstream}.v1.Service/Get`,
    kind,
    idempotent: true,
    readOnly: true,
    policy: policyOf('OPEN', { stream: { idleTimeoutMs: 1, maxDurationMs: 1, maxMessages: 0 }, ...policy }),
  };
}

const problemsOf = (...methods: RpcMethod[]) => methodProblems(methods, CONFIG).map(formatProblem);

describe('a policy is refused when', () => {
  test('its timeout is not below that of the request', () => {
    expect(problemsOf(method({ timeoutMs: 29_999 }))).toEqual([]);
    expect(problemsOf(method({ timeoutMs: 30_000 }))).toEqual([
      '/user.v1.Service/Get: has a timeout of 30s in its policy, but must be below GATEWAY_REQUEST_TIMEOUT=30s; lower it in the policy or raise GATEWAY_REQUEST_TIMEOUT',
    ]);
  });

  test('it takes bodies larger than a message may be', () => {
    expect(problemsOf(method({ maxBodyBytes: 4 * 1024 ** 2 }))).toEqual([]);
    expect(problemsOf(method({ maxBodyBytes: 8 * 1024 ** 2 }))[0]).toContain(
      'takes bodies of 8MiB by its policy, but a message may have GATEWAY_GRPC_MAX_SEND_BYTES=4MiB',
    );
  });

  test('its upstream has no address, once for all its RPCs', () => {
    const billing = method({}, { upstream: 'billing' });
    const problems = problemsOf(billing, billing, { ...billing, name: 'List' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(
      'BILLING_SERVICE_URL: is not set, but GATEWAY_DESCRIPTORS exposes 2 of its RPCs (billing.v1)',
    );
  });
});

test('a package that names another upstream of the settings is told how to reach it', () => {
  const [problem] = problemsOf(method({}, { upstream: 'billing', service: 'user.billing.v1.BillingService' }));
  expect(problem).toMatch(/; for USER_SERVICE_URL, set GATEWAY_UPSTREAMS=user\.billing\.v1=user$/);
});

test('another service of the upstream ai is not left out silently', () => {
  const [problem] = problemsOf(method({}, { upstream: 'ai', service: 'acme.search.v1.SearchService' }));
  expect(problem).toMatch(/^AI_SERVICE_URL: is not set, but GATEWAY_DESCRIPTORS exposes 1 of its RPCs/);
});

test('a stream has limits of its own, and AIService may be left out', () => {
  expect(problemsOf(method({ timeoutMs: 60_000 }, { kind: 'server_stream' }))).toEqual([]);
  expect(problemsOf(method({}, { upstream: 'ai', service: 'ai.v1.AIService' }))).toEqual([]);
});
