import { describe, expect, it } from 'vitest';
import { unaryMethod } from '../../test/support/upstream-call.js';
import type { Policy } from '../domain/policy.js';
import { parseEnvironment } from './environment.js';
import { methodProblems } from './method-invariants.js';
import { guardrailWarnings, unusedUpstreams } from './route-warnings.js';

const REQUIRED = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret that is long enough for it',
};
const SET = { GUARDRAIL_SERVICE_URL: 'localhost:4' };
const OPEN = { GATEWAY_GUARDRAIL_FAIL_OPEN: 'true' };

/** What a start says of one RPC and some settings. */
function judge(guardrail: Policy['guardrail'], env: Readonly<Record<string, string>>) {
  const config = parseEnvironment({ ...REQUIRED, ...env });
  const methods = [unaryMethod({ guardrail })];
  return {
    refused: methodProblems(methods, config).map(({ reason }) => reason),
    warned: guardrailWarnings(methods, config).map(({ reason }) => reason),
  };
}

const MISSING = 'requires a guardrail by its policy, but GUARDRAIL_SERVICE_URL is not set';
const UNCHECKED =
  'is not set, but the policy of /user.v1.UserService/GetUser requires a guardrail: messages pass unchecked';

describe('an RPC', () => {
  it.each([
    ['required', {}, { refused: [MISSING], warned: [] }],
    ['required', OPEN, { refused: [], warned: [UNCHECKED] }],
    ['required', SET, { refused: [], warned: [] }],
    ['required', { ...SET, ...OPEN }, { refused: [], warned: [] }],
    ['optional', {}, { refused: [], warned: [] }],
    ['optional', OPEN, { refused: [], warned: [] }],
    ['optional', SET, { refused: [], warned: [] }],
    [undefined, {}, { refused: [], warned: [] }],
  ] as const)('whose guardrail is %s, with %o, is judged as %o', (guardrail, env, expected) => {
    expect(judge(guardrail, env)).toEqual(expected);
  });

  it('of an upstream without an address is not served, and so needs none', () => {
    const config = parseEnvironment(REQUIRED);
    const method = { ...unaryMethod({ guardrail: 'required' }), upstream: 'ai', service: 'ai.v1.AIService' };
    expect(methodProblems([method], config)).toEqual([]);
  });
});

describe('a guardrail', () => {
  it('that no RPC asks for is reported as unused', () => {
    const config = parseEnvironment({ ...REQUIRED, ...SET });
    const named = (guardrail: Policy['guardrail']) =>
      unusedUpstreams([unaryMethod({ guardrail })], config).some(({ name }) => name === 'GUARDRAIL_SERVICE_URL');
    expect({ unused: named(undefined), used: named('optional') }).toEqual({ unused: true, used: false });
  });

  it('has 1,500 ms for a request or response and 50 ms for messages of a stream, and is closed', () => {
    const config = parseEnvironment({ ...REQUIRED, ...SET });
    expect(config.upstreams.get('guardrail')?.timeoutMs).toBe(1500);
    expect(config.guardrail).toEqual({ chunkTimeoutMs: 50, failOpen: false });
  });
});
