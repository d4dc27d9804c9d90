import { describe, expect, it } from 'vitest';
import { upstreamCall, unaryMethod } from '../../test/support/upstream-call.js';
import { policyOf } from '../domain/policy.js';
import type { Principal } from '../domain/principal.js';
import { UsageSink, type Usage } from '../domain/usage-sink.js';
import type { Next, StackCall } from './call.js';
import { metered } from './metered.js';

class Ledger extends UsageSink {
  readonly entries: Usage[] = [];
  override record(usage: Usage): void {
    this.entries.push(usage);
  }
}

const CALLER: Principal = {
  subject: 'alice',
  tenantId: 'acme',
  identityType: 'user',
  authMethod: 'jwt',
  issuer: '',
  roles: [],
  permissions: [],
  expiresAt: Infinity,
  tokenId: '',
};

function callOf(principal: Principal | undefined): StackCall {
  const call = upstreamCall(unaryMethod(policyOf('AUTHENTICATED', { meter: 'ai.query' })));
  call.context.principal = principal;
  const trace = { upstream: '', rpc: '', grpcCode: '', attempts: 0, deadlineMs: 0, serviceMs: 0, connectMs: 0 };
  return { ...call, startedAt: 0, signal: call.context.signal, trace };
}

const answer: Next<string> = () => Promise.resolve('answer');

describe('a metered call', () => {
  it('is in the books when its answer is given', async () => {
    const ledger = new Ledger();
    expect(await metered<string>(ledger, 'ai.query')(answer)(callOf(CALLER))).toBe('answer');
    expect(ledger.entries).toEqual([{ caller: CALLER, meter: 'ai.query', quantity: 1 }]);
  });

  it('is not there before it is answered, nor when it fails', async () => {
    const ledger = new Ledger();
    const { promise, reject } = Promise.withResolvers<string>();
    const call = metered<string>(ledger, 'ai.query')(() => promise)(callOf(CALLER));
    expect(ledger.entries).toEqual([]);
    reject(new Error('no answer'));
    await expect(call).rejects.toThrow('no answer');
    expect(ledger.entries).toEqual([]);
  });

  it('in nobody’s name is nobody’s usage', async () => {
    const ledger = new Ledger();
    await metered<string>(ledger, 'ai.query')(answer)(callOf(undefined));
    expect(ledger.entries).toEqual([]);
  });
});
