import { hash } from 'node:crypto';
import type { CachePolicy } from '../../domain/policy.js';
import type { Principal } from '../../domain/principal.js';
import type { StackCall } from '../call.js';

/**
 * Name of the answer to a call: a hash of its RPC, of whose answer it is and of the whole request. Callers whose keys
 * are equal may see each other's answers, so everything that a backend is told of a caller is in a caller's own key.
 */
export function cacheKey({ method, context, request }: StackCall, scope: CachePolicy['scope']): string {
  const { principal } = context;
  const owner = principal === undefined ? [] : scope === 'tenant' ? [principal.tenantId] : ownerOf(principal);
  const head = JSON.stringify([method.path, scope, ...owner]);
  // JSON has no bare line break, so that no head can reach into a request.
  return hash('sha256', Buffer.concat([Buffer.from(`${head}\n`), request]), 'base64url');
}

function ownerOf({ tenantId, issuer, subject, authMethod, permissions }: Principal): unknown[] {
  return [tenantId, issuer, subject, authMethod, permissions];
}
