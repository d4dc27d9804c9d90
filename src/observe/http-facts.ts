/** Facts about the HTTP side of a finished request. Texts come from the client. */
export interface HttpFacts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly httpVersion: string;
  readonly status: number;
  readonly remoteAddress: string;
  readonly forwardedFor: string;
  readonly host: string;
  readonly userAgent: string;
  readonly referer: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  /** Time to the first byte of the response; 0 without a response. */
  readonly ttfbMs: number;
  readonly aborted: boolean;
  readonly draining: boolean;
}

/** Returns the class of a status, such as `2xx`. */
export function statusClass(status: number): string {
  return STATUS_CLASSES[Math.floor(status / 100)] ?? '';
}

const STATUS_CLASSES = ['', '1xx', '2xx', '3xx', '4xx', '5xx'];
