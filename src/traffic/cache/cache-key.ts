import { hash } from 'node:crypto';
import type { CachePolicy } from '../../domain/policy.js';
import type { Principal } from '../../domain/principal.js';
import type { StackCall } from '../call.js';
import type { CacheKey } from './cached-answer.js';

/**
 * Where the answer to a call is kept: a hash of its RPC, of whose answer it is and of the whole request. Callers whose
 * keys are equal may see each other's answers, so everything that a backend is told of a caller is in a caller's own key.
 */
export function cacheKey(call: StackCall, scope: CachePolicy['scope']): CacheKey {
  const { method, context, request } = call;
  const { principal } = context;
  const owner = principal === undefined ? [] : scope === 'tenant' ? [principal.tenantId] : ownerOf(principal);
  const head = JSON.stringify([method.path, scope, ...owner]);
  // JSON has no bare line break, so that no head can reach into a request.
  const name = hash('sha256', Buffer.concat([Buffer.from(`${head}\n`), request]), 'base64url');
  return { name, group: writeGroup(call) };
}

/** Whose answers a write makes stale: those of its service to its tenant. Empty for a call in nobody's name. */
export function writeGroup({ method, context }: StackCall): string {
  return context.tenantId === '' ? '' : `${method.upstream}:${context.tenantId}`;
}

function ownerOf({ tenantId, issuer, subject, authMethod, permissions }: Principal): unknown[] {
  return [tenantId, issuer, subject, authMethod, permissions];
}
