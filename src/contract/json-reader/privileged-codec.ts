import { GatewayError } from '../../domain/errors.js';
import type { RequestCodec, RequestInput } from '../codec.js';
import type { Route } from '../route.js';

/**
 * Returns the route for callers without its privilege, where privileged fields are protected ones. Undefined when it
 * has none.
 */
export function withholdPrivileged(route: Route): Route | undefined {
  const { method } = route;
  const { privileged, protectedFields } = method.policy;
  if (privileged === undefined) return undefined;
  const policy = { ...method.policy, protectedFields: [...protectedFields, ...privileged.fields] };
  return { ...route, method: { ...method, policy } };
}

/** Prevents callers without the privilege from setting privileged fields, such as the roles of a user. */
export class PrivilegedCodec implements RequestCodec {
  constructor(
    private readonly whole: RequestCodec,
    private readonly limited: RequestCodec,
  ) {}

  encode(input: RequestInput): Uint8Array {
    if (input.privileged === true) return this.whole.encode(input);
    try {
      return this.limited.encode(input);
    } catch (error) {
      // Mistakes of any caller come first; a valid request that needs the privilege is not a bad request.
      this.whole.encode(input);
      throw toDenial(error);
    }
  }
}

function toDenial(cause: unknown): GatewayError {
  const { errors } = GatewayError.from(cause);
  return new GatewayError('PERMISSION_DENIED', 'The request sets a field for which the caller lacks a permission.', {
    cause,
    errors: errors.map(({ field }) => ({ field, detail: 'takes a further permission' })),
    decisionReason: 'ACCESS_LEVEL_MISSING',
  });
}
