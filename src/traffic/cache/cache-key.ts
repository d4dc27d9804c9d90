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
  return { name, groups: readGroups(call) };
}

/** The groups whose writes make an answer to a call stale. Empty for an answer of nobody's. */
export function readGroups(call: StackCall): readonly string[] {
  const { upstream } = call.method;
  const tenant = boundTenant(call);
  if (tenant === SEVERAL) return [anyWriteTo(upstream)];
  return tenant === '' ? [] : [`${upstream}:${tenant}`, unknownWriteTo(upstream)];
}

/** The groups that a write belongs to: that of its tenant, and those of all writes or of the ones that may be of any tenant. */
export function writeGroups(call: StackCall): readonly string[] {
  const { upstream } = call.method;
  const tenant = boundTenant(call);
  if (tenant === SEVERAL) return [anyWriteTo(upstream), unknownWriteTo(upstream)];
  return tenant === '' ? [] : [`${upstream}:${tenant}`, anyWriteTo(upstream)];
}

// No name of a service has a slash, so that no tenant is taken for one of these.
const anyWriteTo = (upstream: string) => `${upstream}/any`;
const unknownWriteTo = (upstream: string) => `${upstream}/unknown`;

const SEVERAL = Symbol('several tenants');

/** The tenant that a call is about: a caller with the scope `all` may name another one than its own, or none. */
function boundTenant({ method, context, request }: StackCall): string | typeof SEVERAL {
  const named = method.boundTenant?.(request) ?? '';
  if (named !== '') return named;
  return context.crossTenant ? SEVERAL : context.tenantId;
}

function ownerOf({ tenantId, issuer, subject, authMethod, permissions }: Principal): unknown[] {
  return [tenantId, issuer, subject, authMethod, permissions];
}
