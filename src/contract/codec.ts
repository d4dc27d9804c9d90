/** A request as received, before it is validated. */
export interface RequestInput {
  /** Raw body; undefined when the request had none. */
  readonly body: Uint8Array | undefined;
  /** Content-Type as received, for routes that accept any; empty or missing when the request had none. */
  readonly contentType?: string;
  /** Raw query string without `?`. */
  readonly query: string;
  /** Decoded values of the path variables, in the order of `Route.variables`. */
  readonly path: readonly string[];
  /** Verified tenant of the caller; empty on open endpoints. */
  readonly tenantId: string;
  /** The caller may name another tenant (scope `all`). */
  readonly crossTenant: boolean;
  /** The caller may set the privileged fields of the route. */
  readonly privileged?: boolean;
}

/**
 * Converts a REST request to the bytes of its protobuf message in one pass.
 * Throws GatewayError INVALID_ARGUMENT, UNKNOWN_FIELD, MALFORMED_JSON (with JSON paths in `errors`), TENANT_MISMATCH or
 * PERMISSION_DENIED.
 */
export interface RequestCodec {
  encode(input: RequestInput): Uint8Array;
}

/** Converts the bytes of a response message to JSON bytes in one pass. */
export interface ResponseWriter {
  /**
   * Converts a message. Throws GatewayError UPSTREAM_ERROR for bytes that cannot be decoded, TENANT_LEAK_BLOCKED for
   * data of another tenant.
   * @param tenantId the only tenant whose data the response may contain; empty to check nothing.
   */
  write(message: Uint8Array, tenantId: string): Buffer;
}
