/** A request as the edge saw it, before any of it is believed. */
export interface RequestInput {
  /** Raw body; undefined when the request had none. */
  readonly body: Uint8Array | undefined;
  /** Content-Type as it came, for routes that take any; empty or missing when the request had none. */
  readonly contentType?: string;
  /** Raw query string without `?`. */
  readonly query: string;
  /** Decoded values of the path variables, in the order of `Route.variables`. */
  readonly path: readonly string[];
  /** Verified tenant of the caller, empty on open endpoints. */
  readonly tenantId: string;
  /** The caller may name another tenant (scope `all`). */
  readonly crossTenant: boolean;
  /** The caller may set the privileged fields of the route. */
  readonly privileged?: boolean;
}

/**
 * Turns a REST request into the bytes of its protobuf message, once.
 * Throws GatewayError INVALID_ARGUMENT, UNKNOWN_FIELD, MALFORMED_JSON (with JSON paths in `errors`), TENANT_MISMATCH or
 * PERMISSION_DENIED.
 */
export interface RequestCodec {
  encode(input: RequestInput): Uint8Array;
}

/** Turns the bytes of a response message into JSON bytes in one pass. */
export interface ResponseWriter {
  /**
   * @param tenantId the only tenant the response may speak of; empty to check nothing.
   * Throws GatewayError UPSTREAM_ERROR for bytes that are no such message, TENANT_LEAK_BLOCKED for another tenant's.
   */
  write(message: Uint8Array, tenantId: string): Buffer;
}
