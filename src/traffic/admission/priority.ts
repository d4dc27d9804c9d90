import type { RpcMethod } from '../../domain/rpc-method.js';

/**
 * Priorities, the most important first. Health checks are never refused: a refusal would restart a process that is
 * merely busy.
 */
export const PRIORITIES = ['health', 'auth', 'read', 'write', 'ai'] as const;

export type Priority = (typeof PRIORITIES)[number];

/** Returns the priority of a call under overload. Without sign-in nobody can do anything; AI calls cost most. */
export function priorityOf({ upstream, readOnly }: RpcMethod): Priority {
  if (upstream === 'auth' || upstream === 'ai') return upstream;
  return readOnly ? 'read' : 'write';
}
