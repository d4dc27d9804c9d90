import { describe, expect, it } from 'vitest';
import { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import type { HttpFacts } from '../http-facts.js';
import { type SpanSink, Tracing } from './tracing.js';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0';
const FAILED = new GatewayError('UPSTREAM_ERROR', 'broken off');
const STREAM = { kind: 'server_stream', upstream: 'ai' } as NonNullable<CallContext['method']>;

function traced(sampleRatio: number, takes = true) {
  const kept: string[] = [];
  const sink: SpanSink = {
    keep: (record) => takes && kept.push(record.trace.traceparent) > 0,
    keepAttempt: (_record, { spanId }) => void kept.push(spanId),
    close: () => Promise.resolve(),
  };
  return { tracing: new Tracing({ sampleRatio, slowMs: 1000 }, sink), kept };
}

function finished(sampled: 0 | 1, changes: Partial<CallContext>, http: Partial<HttpFacts>) {
  const { tracing, kept } = traced(0.01);
  const trace = { traceparent: TRACE + String(sampled), tracestate: '' };
  const call = new CallContext('r', trace, 0, 1);
  const record = tracing.begin(trace);
  Object.assign(call, changes);
  tracing.finish(record, call, { status: 200, durationMs: 20, ...http } as HttpFacts);
  return { record, isKept: record.isKept, kept };
}

describe('the share of a ratio', () => {
  const spread = Array.from({ length: 10_000 }, (_, n) =>
    ((BigInt(2 * n + 1) * 2n ** 56n) / 20_000n).toString(16).padStart(14, '0'),
  );

  it.each([
    [0, 0],
    [0.0001, 1],
    [0.01, 100],
    [0.5, 5000],
    [1, 10_000],
  ])('%d is sampled of evenly spread ids: %d of 10,000', (ratio, expected) => {
    const { tracing } = traced(ratio);
    expect(spread.filter((digits) => tracing.isSampled(digits))).toHaveLength(expected);
  });

  it('is decided by the last 56 bits alone, and each larger share contains the smaller one', () => {
    const small = traced(0.01).tracing;
    const large = traced(0.1).tracing;
    for (const digits of spread) {
      expect(small.isSampled(`ffffffffffffffffff${digits}`)).toBe(small.isSampled(digits));
      if (small.isSampled(digits)) expect(large.isSampled(digits)).toBe(true);
    }
  });
});

describe('a request that is over', () => {
  it.each<[string, 0 | 1, Partial<CallContext>, Partial<HttpFacts>]>([
    ['is sampled', 1, {}, {}],
    ['was refused', 0, { outcome: 'deny' }, { status: 403 }],
    ['could not be authenticated', 0, { outcome: 'error' }, { status: 503 }],
    ['failed with 5xx', 0, {}, { status: 500 }],
    ['is a stream that broke off after its 200', 0, { error: FAILED, method: STREAM }, {}],
    ['was slow', 0, {}, { durationMs: 1000 }],
    ['is a stream whose first message was slow', 0, { method: STREAM, authnMs: 600, queueMs: 600 }, {}],
  ])('is kept when it %s', (_, sampled, changes, http) => {
    const upstream = { serviceMs: 10 } as CallContext['upstream'];
    expect(finished(sampled, { upstream, ...changes }, http).isKept).toBe(true);
  });

  it.each<[string, 0 | 1, Partial<CallContext>, Partial<HttpFacts>]>([
    ['succeeded soon', 0, { outcome: 'allow' }, { durationMs: 999 }],
    ['was refused for what it sent', 0, { outcome: 'allow' }, { status: 400 }],
    ['is a long stream', 0, { method: STREAM }, { durationMs: 60_000 }],
    ['is a probe', 1, { isOperational: true }, { status: 503 }],
  ])('is forgotten when it %s', (_, sampled, changes, http) => {
    const upstream = { serviceMs: 10 } as CallContext['upstream'];
    expect(finished(sampled, { upstream, ...changes }, http)).toMatchObject({ isKept: false, kept: [] });
  });

  it('takes the attempts that end after it, where it was kept', () => {
    const method = { upstream: 'user', path: '/a/B' } as NonNullable<CallContext['method']>;
    for (const sampled of [0, 1] as const) {
      const { record, kept } = finished(sampled, {}, {});
      const attempt = record.beginAttempt(method, 1);
      attempt.end('OK', 2);
      expect(kept.includes(attempt.spanId)).toBe(sampled === 1);
    }
  });

  it('counts as forgotten when there is no room for it', () => {
    const { tracing } = traced(1, false);
    const trace = { traceparent: `${TRACE}1`, tracestate: '' };
    const record = tracing.begin(trace);
    tracing.finish(record, new CallContext('r', trace, 0, 1), { status: 500, durationMs: 1 } as HttpFacts);
    expect([record.isKept, record.onLateAttempt]).toEqual([false, undefined]);
  });
});
