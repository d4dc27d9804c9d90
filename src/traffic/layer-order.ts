import type { RpcMethod } from '../domain/rpc-method.js';

/**
 * The layers around a unary call, outermost first, with the reasons for their order:
 * - The guardrail sees everything that a client sends and gets, also from a cache.
 * - Responses without the backend (fallback, response cache) come before metering, since they use nothing.
 * - Metering comes before the protection of the backend; a full concurrency limit is not a failure of the backend.
 * - The circuit breaker comes before retries, so that it sees calls, not attempts.
 * - From `deadline` inwards, everything happens once per attempt: an attempt gets the remaining time, and the
 * measured time is that of the backend alone.
 */
export const UNARY_LAYERS = [
  'guardrail',
  'fallback',
  'response-cache',
  'meter',
  'concurrency-limit',
  'circuit-breaker',
  'retry',
  'deadline',
  'measure',
] as const;

/**
 * The layers around a stream, which counts as answered at its first message; layers of whole responses do not apply.
 */
export const STREAM_LAYERS = [
  'guardrail',
  'response-cache',
  'meter',
  'concurrency-limit',
  'circuit-breaker',
  'deadline',
  'measure',
] as const;

export type UnaryLayer = (typeof UNARY_LAYERS)[number];
export type StreamLayer = (typeof STREAM_LAYERS)[number];

/** Layers that only some RPCs have. Writes have the cache layer as well, since they make cached responses stale. */
const ON_DEMAND: Partial<Record<UnaryLayer, (method: RpcMethod) => boolean>> = {
  guardrail: ({ guarded }) => guarded !== undefined,
  fallback: ({ policy }) => policy.fallback !== undefined,
  'response-cache': ({ policy, readOnly }) => policy.cache !== undefined || !readOnly,
  meter: ({ policy }) => policy.meter !== undefined,
  retry: ({ policy, idempotent }) => policy.retry !== undefined && idempotent,
};

/** Lists the layers that the policy of an RPC asks for, outermost first. */
export function layersOf(method: RpcMethod): readonly UnaryLayer[] {
  const layers: readonly UnaryLayer[] = method.kind === 'server_stream' ? STREAM_LAYERS : UNARY_LAYERS;
  return layers.filter((layer) => ON_DEMAND[layer]?.(method) ?? true);
}
