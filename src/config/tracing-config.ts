/** Export of spans and sampling of traces. */
export interface TracingConfig {
  /** URL of an OTLP over HTTP receiver. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
  /** PEM; undefined: the certificate authorities that Node trusts. */
  readonly caFile: string | undefined;
  /** Maximum number of spans that wait for export. */
  readonly queueSize: number;
  readonly delayMs: number;
  /** From 0 to 1. */
  readonly sampleRatio: number;
  readonly slowMs: number;
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
}
