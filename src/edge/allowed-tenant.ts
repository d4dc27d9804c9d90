import type { CallContext } from '../domain/call-context.js';

/** Returns the only tenant whose data a response may contain; empty for callers who may see several. */
export function allowedTenant(call: CallContext): string {
  return call.crossTenant ? '' : call.tenantId;
}
