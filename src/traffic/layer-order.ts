import type { RpcMethod } from '../domain/rpc-method.js';

/**
 * The layers around a unary call, outermost first. The guardrail sees whatever a client sends and gets, also from a
 * cache. What answers without the backend (fallback, response cache) comes before what is metered, since such an answer
 * used nothing, and that before what protects the backend (a full concurrency limit is not a failure of the backend),
 * and that before retry, so that the circuit breaker sees calls, not attempts. From `deadline` down, everything happens
 * once per attempt: an attempt gets the time that is left, and what is measured is the backend alone.
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

/** The same around a stream, which counts as answered at its first message: no layer of a whole response belongs here. */
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

/** Layers that only some RPCs have. A write has that of the cache as well, since it makes cached responses stale. */
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
