/** Reasons for which a connection to an upstream failed. */
export const CONNECTION_FAILURES = ['refused', 'timeout', 'dns', 'tls', 'reset', 'goaway', 'other'] as const;
export type ConnectionFailure = (typeof CONNECTION_FAILURES)[number];

/**
 * Receives the measurements of the call stack. Implemented by the metrics; a class so that it is its own injection
 * token.
 */
export abstract class UpstreamMeasure {
  /**
   * Counts one attempt at a call.
   * @param code name of its final gRPC status, `OK` included.
   * @param seconds until the response; of a stream, until its first message.
   */
  abstract attempt(upstream: string, method: string, code: string, seconds: number): void;

  /** Counts an attempt after the first of a call. */
  abstract retry(upstream: string, method: string): void;

  /** Counts an attempt that failed because there was no connection, with the reason. */
  abstract connectionFailure(upstream: string, reason: ConnectionFailure): void;
}
