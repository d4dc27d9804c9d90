/** Where spans go, and which traces are kept. */
export interface TracingConfig {
  /** URL that takes OTLP over HTTP. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
  /** PEM; undefined: the authorities that Node trusts. */
  readonly caFile: string | undefined;
  /** Spans that may wait for their export. */
  readonly queueSize: number;
  readonly delayMs: number;
  /** From 0 to 1. */
  readonly sampleRatio: number;
  readonly slowMs: number;
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
}
