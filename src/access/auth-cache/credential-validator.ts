import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { internalMethod } from '../../contract/internal-method.js';
import type { CallContext } from '../../domain/call-context.js';
import type { Principal } from '../../domain/principal.js';
import {
  AuthService,
  ValidateCredentialRequestSchema,
  type ValidateCredentialResponse,
  ValidateCredentialResponseSchema,
} from '../../gen/auth/v1/auth_pb.js';
import { sharedContext } from '../../traffic/shared-context.js';
import type { CallStack } from '../../traffic/stack.js';
import { CredentialRejected, UnreadableVerdict } from './refresh-failure.js';

/** Credential that only AuthService can validate. `session` is the access token of a browser session. */
export interface OpaqueCredential {
  readonly kind: 'opaque' | 'api_key' | 'session';
  readonly value: string;
}

/** Validates a credential. Rejects with CredentialRejected, UnreadableVerdict or the GatewayError of the call. */
export type ValidateCredential = (credential: OpaqueCredential, hash: string, cause: CallContext) => Promise<Principal>;

const MAX_ID_LENGTH = 256;
const RPC = internalMethod(AuthService.method.validateCredential);

/**
 * Returns a validator that calls AuthService.ValidateCredential. The result is shared, so the call continues when the
 * client that caused it disconnects.
 * @param timeouts `requestMs` limits the call.
 * @param defaultTenant tenant of a caller for whom AuthService names none.
 */
export function validateByAuthService(
  stack: Pick<CallStack, 'unary'>,
  timeouts: { readonly requestMs: number },
  defaultTenant = '',
): ValidateCredential {
  return async (credential, hash, cause) => {
    const context = sharedContext(cause, undefined, timeouts.requestMs);
    const message = create(ValidateCredentialRequestSchema, { credential: credential.value });
    const request = toBinary(ValidateCredentialRequestSchema, message);
    const answer = await stack.unary({ context, method: RPC, request, deadlineAt: context.deadlineAt });
    const principal = toPrincipal(decode(answer), credential.kind, hash);
    return principal.tenantId === '' ? Object.freeze({ ...principal, tenantId: defaultTenant }) : principal;
  };
}

function decode(answer: Uint8Array): ValidateCredentialResponse {
  try {
    return fromBinary(ValidateCredentialResponseSchema, answer);
  } catch (error) {
    throw new UnreadableVerdict('the response of AuthService cannot be decoded', { cause: error });
  }
}

function toPrincipal(
  verdict: ValidateCredentialResponse,
  authMethod: OpaqueCredential['kind'],
  tokenId: string,
): Principal {
  if (!verdict.valid) throw new CredentialRejected('AuthService does not know the credential');
  const { subject, tenantId, roles, permissions, permissionsUnlisted, identityType, expiresAt } = verdict;
  if (subject === '' || subject.length > MAX_ID_LENGTH || tenantId.length > MAX_ID_LENGTH) {
    throw new UnreadableVerdict('the response of AuthService has no valid subject or tenant');
  }
  return Object.freeze({
    subject,
    tenantId,
    identityType: identityType === 'service' ? 'service' : 'user',
    authMethod,
    issuer: '',
    roles: Object.freeze(roles),
    permissions: permissionsUnlisted ? undefined : Object.freeze(permissions),
    expiresAt: expiresAt === 0n ? Infinity : Number(expiresAt),
    tokenId,
  } as const);
}
