import type { CallContext } from '../domain/call-context.js';
import type { Principal } from '../domain/principal.js';
import type { CallMetadata } from './transport.js';

/**
 * What says who calls: the same for all requests of a principal. All of them are sent for each, an empty value where
 * there is nothing to tell, so that no backend has to guess what an absent key means (docs/identity-metadata.md). These and the
 * next are all that is ever sent: nothing of a client's headers becomes metadata.
 */
export const IDENTITY_KEYS = [
  'x-gateway-subject',
  'x-gateway-tenant',
  'x-gateway-permissions',
  'x-gateway-auth-method',
] as const;
/** What says which request it is: never the same twice. */
export const REQUEST_KEYS = ['x-request-id', 'traceparent', 'tracestate'] as const;

/** Permissions beyond this are left out, whole ones at a time: the backend then sees fewer rights, never others. */
const MAX_PERMISSIONS_LENGTH = 4096;

/** Visible ASCII without the percent sign; anything else is percent-encoded, so that decoding is unambiguous. */
const PLAIN = /^[!-$&-~]*$/;
/** Nobody's call, which still came through the gateway: not from inside. */
const ANONYMOUS: CallMetadata = Object.freeze({ 'x-gateway-auth-method': 'none' });

const identities = new WeakMap<Principal, CallMetadata>();

/**
 * Who calls and for which request, in the gateway's own words. Values are percent-encoded UTF-8 where they are not ASCII.
 * @param traceparent that of the attempt, where it has a span of its own.
 */
export function callMetadata(context: CallContext, traceparent = context.trace.traceparent): CallMetadata {
  return {
    ...identity(context.principal),
    'x-request-id': encode(context.requestId),
    traceparent,
    ...(context.trace.tracestate === '' ? {} : { tracestate: context.trace.tracestate }),
  };
}

function identity(principal: Principal | undefined): CallMetadata {
  if (principal === undefined) return ANONYMOUS;
  const known = identities.get(principal);
  if (known !== undefined) return known;
  const made = describe(principal);
  identities.set(principal, made);
  return made;
}

function describe(principal: Principal): CallMetadata {
  return {
    'x-gateway-subject': encode(principal.subject),
    'x-gateway-tenant': encode(principal.tenantId),
    'x-gateway-permissions': permissionList(principal.permissions ?? []),
    'x-gateway-auth-method': principal.authMethod,
  } satisfies Record<(typeof IDENTITY_KEYS)[number], string>;
}

/** Separated by spaces, which cannot occur in one: they are encoded. */
function permissionList(permissions: readonly string[]): string {
  let list = '';
  for (const permission of permissions) {
    const longer = list === '' ? encode(permission) : `${list} ${encode(permission)}`;
    if (longer.length > MAX_PERMISSIONS_LENGTH) break;
    list = longer;
  }
  return list;
}

function encode(value: string): string {
  if (PLAIN.test(value)) return value;
  let encoded = '';
  for (const byte of Buffer.from(value)) {
    const character = String.fromCharCode(byte);
    encoded += PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
