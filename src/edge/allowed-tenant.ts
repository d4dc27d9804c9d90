import type { CallContext } from '../domain/call-context.js';

/** The only tenant an answer may speak of; empty for callers who may see several. */
export function allowedTenant(call: CallContext): string {
  return call.crossTenant ? '' : call.tenantId;
}
