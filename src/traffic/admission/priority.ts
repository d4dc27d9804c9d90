import type { RpcMethod } from '../../domain/rpc-method.js';

/** What gives way last comes first. Health is never refused: whoever asks would restart what is merely busy. */
export const PRIORITIES = ['health', 'auth', 'read', 'write', 'ai'] as const;

export type Priority = (typeof PRIORITIES)[number];

/** How much a call matters when not all can be answered. Without sign-in nobody can do anything; AI costs most. */
export function priorityOf({ upstream, readOnly }: RpcMethod): Priority {
  if (upstream === 'auth' || upstream === 'ai') return upstream;
  return readOnly ? 'read' : 'write';
}
