import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { CallContext } from '../../domain/call-context.js';
import { HexSource } from '../../domain/hex-source.js';
import { AFTER_STEPS, type AttemptRecord, type SpanRecord, STEP_NAMES } from '../../domain/span-record.js';
import { spanIdOf } from '../../domain/trace-context.js';
import type { HttpFacts } from '../http-facts.js';
import { serverSpan } from './server-span.js';
import { SpanMaker, type SpanParts } from './span-maker.js';
import { ATTR_ERROR_TYPE, ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';

/** Returns the number of spans of a request. */
export function spanCount({ moments, attempts }: SpanRecord): number {
  let count = 1 + (attempts?.length ?? 0);
  for (let step = 0; step < AFTER_STEPS; step++) if (moments[step] !== 0) count += 1;
  return count;
}

/** Makes the spans of requests from their records. */
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
    const attempts = (record.attempts ?? [])
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

  /** Returns one span per step, undefined for those that the request did not reach. Each lasts until the next. */
  private stepsOf(
    { moments, step: last }: SpanRecord,
    { spanId: parentSpanId, to: end }: SpanParts,
    error: string | undefined,
  ): readonly (SpanParts | undefined)[] {
    return STEP_NAMES.map((name, step) => {
      const from = moments[step] ?? 0;
      if (from === 0) return undefined;
      const to = moments.find((moment, later) => later > step && moment !== 0) ?? end;
      const failed = step === last ? error : undefined;
      const spanId = this.ids.draw(8);
      return { name, kind: SpanKind.INTERNAL, spanId, parentSpanId, from, to, attributes: {}, error: failed };
    });
  }
}

/** Matches host and port of a gRPC target: `dns:///host:port`, `ipv4:…`. */
const AUTHORITY = /^(?:[a-z0-9]+:(?:\/\/[^/]*\/)?)?(.*?)(?::(\d{1,5}))?$/;

/** Returns the span of one attempt at an upstream, with the names of the RPC semantic conventions. */
function attemptSpan(
  { method, spanId, startedAt, endedAt, grpcCode }: AttemptRecord,
  { parentSpanId, target }: { readonly parentSpanId: string; readonly target: string },
): SpanParts {
  const name = method.path.slice(1);
  const [, host = '', port] = AUTHORITY.exec(target) ?? [];
  const failed = grpcCode !== 'OK';
  return {
    name,
    kind: SpanKind.CLIENT,
    spanId,
    parentSpanId,
    from: startedAt,
    to: endedAt,
    attributes: {
      'rpc.system.name': 'grpc',
      'rpc.method': name,
      'rpc.response.status_code': grpcCode,
      'gateway.upstream': method.upstream,
      ...(host === '' ? {} : { [ATTR_SERVER_ADDRESS]: host }),
      ...(port === undefined ? {} : { [ATTR_SERVER_PORT]: Number(port) }),
      ...(failed ? { [ATTR_ERROR_TYPE]: grpcCode } : {}),
    },
    error: failed ? grpcCode : undefined,
  };
}
