import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { unaryMethod, upstreamCall } from '../../../test/support/upstream-call.js';
import type { Policy } from '../../domain/policy.js';
import { GuardrailMetrics } from '../../observe/guardrail-metrics.js';
import type { StackCall } from '../call.js';
import { Guardrail } from './guardrail.js';

const REQUEST = { phase: 'request', messages: [Buffer.from('a')], firstIndex: 0 } as const;
const NOT_ASKED = () => Promise.reject(new Error('there is nobody to ask'));

function guarded(guardrail: Policy['guardrail']) {
  return { ...unaryMethod({ guardrail }), ...(guardrail && { guarded: { request: 'a', response: 'b' } }) };
}

function stackCall(): StackCall {
  const call = upstreamCall(guarded('required'));
  const trace = { upstream: '', rpc: '', grpcCode: '', attempts: 0, deadlineMs: 0, serviceMs: 0, connectMs: 0 };
  return { ...call, startedAt: performance.now(), signal: call.context.signal, trace };
}

const without = (failOpen: boolean) =>
  new Guardrail({ timeoutMs: undefined, chunkTimeoutMs: 50, failOpen }, new GuardrailMetrics(new Registry()));
const present = new Guardrail(
  { timeoutMs: 1500, chunkTimeoutMs: 50, failOpen: false },
  new GuardrailMetrics(new Registry()),
);

describe('an RPC', () => {
  it.each([
    ['required', { present: true, without: true }],
    ['optional', { present: true, without: false }],
    [undefined, { present: false, without: false }],
  ] as const)('whose guardrail is %s is checked as %o', (guardrail, expected) => {
    const method = guarded(guardrail);
    expect({ present: present.guards(method), without: without(true).guards(method) }).toEqual(expected);
  });
});

describe('a gateway without a guardrail', () => {
  it('that fails open lets what requires one pass, and notes that nobody was asked', async () => {
    const call = stackCall();
    await without(true).check(call, REQUEST, NOT_ASKED);
    expect(call.context.guardrail).toMatchObject({ decision: 'skipped', reason: 'not_configured' });
  });

  it('that fails closed lets nothing pass that requires one', async () => {
    const checked = without(false).check(stackCall(), REQUEST, NOT_ASKED);
    await expect(checked).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });
});
