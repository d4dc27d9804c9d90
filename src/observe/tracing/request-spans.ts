import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { CallContext } from '../../domain/call-context.js';
import { HexSource } from '../../domain/hex-source.js';
import type { AttemptRecord, SpanRecord } from '../../domain/span-record.js';
import { spanIdOf } from '../../domain/trace-context.js';
import type { HttpFacts } from '../http-facts.js';
import { attemptSpan } from './attempt-span.js';
import { AUTHENTICATION_STEP, AUTHORIZATION_STEP, serverSpan } from './server-span.js';
import { SpanMaker, type SpanParts } from './span-maker.js';

/**
 * Steps of a request that have a span, by the class that takes them, with the names that people search for. The others
 * are what is left between these and the attempts.
 */
const STEP_SPANS: ReadonlyMap<string, string> = new Map([
  [AUTHENTICATION_STEP, 'authentication'],
  ['TenantGuard', 'tenant'],
  [AUTHORIZATION_STEP, 'authorization'],
  ['RateLimitInterceptor', 'rate_limit'],
  ['CircuitBreakerInterceptor', 'circuit_breaker'],
]);

/** Returns how many spans a request has. */
export function spanCount({ steps, attempts }: SpanRecord): number {
  let count = 1 + attempts.length;
  for (const step of steps) if (STEP_SPANS.has(step)) count += 1;
  return count;
}

/** Makes the spans of requests from what was recorded of them. */
export class RequestSpans {
  private readonly ids = new HexSource();

  /** @param targets gRPC target of each upstream. */
  constructor(
    private readonly origin: Pick<ReadableSpan, 'resource' | 'instrumentationScope'>,
    private readonly targets: ReadonlyMap<string, string>,
  ) {}

  /** Returns the server span and those below it: of steps, and of the attempts that have ended. */
  of(record: SpanRecord, call: CallContext, http: HttpFacts): ReadableSpan[] {
    const server = serverSpan(record, call, http);
    const steps = this.stepsOf(record, server, call.error?.code);
    const attempts = record.attempts
      .filter(({ endedAt }) => endedAt > 0)
      .map((attempt) => this.attemptOf(attempt, steps[attempt.step]?.spanId ?? server.spanId));
    const maker = new SpanMaker(this.origin, record.trace);
    return [server, ...steps, ...attempts].flatMap((parts) => (parts === undefined ? [] : [maker.make(parts)]));
  }

  /** Returns the span of an attempt that ended after its request, below that of the request. */
  late(record: SpanRecord, attempt: AttemptRecord): ReadableSpan {
    return new SpanMaker(this.origin, record.trace).make(this.attemptOf(attempt, spanIdOf(record.trace)));
  }

  private attemptOf(attempt: AttemptRecord, parentSpanId: string): SpanParts {
    return attemptSpan(attempt, { parentSpanId, target: this.targets.get(attempt.method.upstream) ?? '' });
  }

  /** One entry per step, undefined for those without a span. Each lasts until the next; what failed is the last one. */
  private stepsOf(
    { steps, moments }: SpanRecord,
    { spanId: parentSpanId, to: end }: SpanParts,
    error: string | undefined,
  ): readonly (SpanParts | undefined)[] {
    return steps.map((step, index) => {
      const name = STEP_SPANS.get(step);
      if (name === undefined) return undefined;
      const [from = end, to = end] = [moments[index], moments[index + 1]];
      const failed = index === steps.length - 1 ? error : undefined;
      const spanId = this.ids.draw(8);
      return { name, kind: SpanKind.INTERNAL, spanId, parentSpanId, from, to, attributes: {}, error: failed };
    });
  }
}
