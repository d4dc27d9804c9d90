import { hash } from 'node:crypto';
import type { CachePolicy } from '../../domain/policy.js';
import type { Principal } from '../../domain/principal.js';
import type { StackCall } from '../call.js';
import type { CacheKey } from './cached-response.js';

/**
 * Returns the key of the response to a call: a hash of its RPC, of the owner of the response and of the whole
 * request. Callers with equal keys may see each other's responses, so the key of a caller-scoped response includes
 * everything about the caller that the backend receives.
 */
export function cacheKey(call: StackCall, scope: CachePolicy['scope']): CacheKey {
  const { method, context, request } = call;
  const { principal } = context;
  const owner = principal === undefined ? [] : scope === 'tenant' ? [principal.tenantId] : ownerOf(principal);
  const head = JSON.stringify([method.path, scope, ...owner]);
  // JSON has no bare line break, so the head cannot extend into the request.
  const name = hash('sha256', Buffer.concat([Buffer.from(`${head}\n`), request]), 'base64url');
  return { name, groups: readGroups(call) };
}

/**
 * Returns the groups whose writes make the response to a call stale; empty for a response that belongs to no tenant.
 */
export function readGroups(call: StackCall): readonly string[] {
  const { upstream } = call.method;
  const tenant = boundTenant(call);
  if (tenant === SEVERAL) return [anyWriteTo(upstream)];
  return tenant === '' ? [] : [`${upstream}:${tenant}`, unknownWriteTo(upstream)];
}

/**
 * Returns the groups that a write belongs to: its tenant, and either all writes or the writes that may concern any
 * tenant.
 */
export function writeGroups(call: StackCall): readonly string[] {
  const { upstream } = call.method;
  const tenant = boundTenant(call);
  if (tenant === SEVERAL) return [anyWriteTo(upstream), unknownWriteTo(upstream)];
  return tenant === '' ? [] : [`${upstream}:${tenant}`, anyWriteTo(upstream)];
}

// Service names contain no slash, so a tenant cannot be confused with one of these.
const anyWriteTo = (upstream: string) => `${upstream}/any`;
const unknownWriteTo = (upstream: string) => `${upstream}/unknown`;

const SEVERAL = Symbol('several tenants');

/**
 * Returns the tenant that a call concerns: a caller with the scope `all` may name a tenant other than its own, or
 * none.
 */
function boundTenant({ method, context, request }: StackCall): string | typeof SEVERAL {
  const named = method.boundTenant?.(request) ?? '';
  if (named !== '') return named;
  return context.crossTenant ? SEVERAL : context.tenantId;
}

function ownerOf({ tenantId, issuer, subject, authMethod, permissions }: Principal): unknown[] {
  return [tenantId, issuer, subject, authMethod, permissions];
}
