/** Why there is no connection to an upstream. */
export const CONNECTION_FAILURES = ['refused', 'timeout', 'dns', 'tls', 'reset', 'goaway', 'other'] as const;
export type ConnectionFailure = (typeof CONNECTION_FAILURES)[number];

/** Takes what the call stack sees of upstreams. Filled by the metrics; a class so that it is its own injection token. */
export abstract class UpstreamMeasure {
  /**
   * One attempt at a call.
   * @param code name of the gRPC status it ended with, `OK` included.
   * @param seconds until the response; of a stream, until its first message.
   */
  abstract attempt(upstream: string, method: string, code: string, seconds: number): void;

  /** An attempt beyond the first of a call. */
  abstract retry(upstream: string, method: string): void;

  /** An attempt that failed for want of a connection, and why. */
  abstract connectionFailure(upstream: string, reason: ConnectionFailure): void;
}
