import { SpanKind } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE, ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import type { AttemptRecord } from '../../domain/span-record.js';
import type { SpanParts } from './span-maker.js';

/** Matches host and port of a gRPC target: `dns:///host:port`, `ipv4:…`. */
const AUTHORITY = /^(?:[a-z0-9]+:(?:\/\/[^/]*\/)?)?(.*?)(?::(\d{1,5}))?$/;

/** Returns the span of one attempt at an upstream, with the names of the RPC semantic conventions. */
export function attemptSpan(
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
