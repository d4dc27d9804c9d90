import { formatDuration } from '../config/unit-parsers.js';
import { upstreamVariables } from '../config/schema/upstream-settings.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { CliContext } from './cli-context.js';

/** Time limit and its source; `ms` is undefined when the setting is invalid. */
export interface Limit {
  readonly ms: number | undefined;
  readonly source: string;
}

/** Returns the deadline of a call: that of its policy, otherwise of its upstream, at most that of the request. */
export function deadlineOf(method: RpcMethod, context: CliContext): Limit {
  if (method.kind === 'server_stream') return streamLimits(method, context).total;
  return nearer(ownDeadline(method, context), {
    ms: context.inspection.settings.GATEWAY_REQUEST_TIMEOUT,
    source: 'GATEWAY_REQUEST_TIMEOUT',
  });
}

/** Returns the maximum time between messages, and the maximum duration of a stream. */
export function streamLimits({ policy }: RpcMethod, { inspection: { settings } }: CliContext) {
  const { GATEWAY_STREAM_IDLE_TIMEOUT: idle, GATEWAY_STREAM_MAX_DURATION: total } = settings;
  return {
    idle: ownOr(policy.stream.idleTimeoutMs, { ms: idle, source: 'GATEWAY_STREAM_IDLE_TIMEOUT' }),
    total: ownOr(policy.stream.maxDurationMs, { ms: total, source: 'GATEWAY_STREAM_MAX_DURATION' }),
  };
}

function ownOr(ms: number | undefined, setting: Limit): Limit {
  return ms === undefined ? setting : { ms, source: 'policy' };
}

/** `2s (GATEWAY_USER_TIMEOUT)`. */
export function formatLimit({ ms, source }: Limit): string {
  return ms === undefined ? `unknown (${source} cannot be read)` : `${formatDuration(ms)} (${source})`;
}

function ownDeadline({ policy, upstream }: RpcMethod, { inspection }: CliContext): Limit {
  if (policy.timeoutMs !== undefined) return { ms: policy.timeoutMs, source: 'policy' };
  const known = inspection.upstreams.find(({ name }) => name === upstream);
  const own = upstreamVariables(upstream).timeout;
  const isReadable = !inspection.problems.some((problem) => problem.name === own);
  if (known?.own.timeout !== undefined || !isReadable) return { ms: known?.own.timeout, source: own };
  return { ms: inspection.settings.GATEWAY_UPSTREAM_TIMEOUT, source: 'GATEWAY_UPSTREAM_TIMEOUT' };
}

function nearer(left: Limit, right: Limit): Limit {
  return left.ms !== undefined && right.ms !== undefined && right.ms < left.ms ? right : left;
}
