import type { CertificateIdentities } from './certificate-identities.js';

/** Unix domain socket that clients connect to. */
export interface UnixSocket {
  readonly path: string;
  readonly mode: number;
}

/** TLS of the client listener. Files are PEM. */
export interface ListenerTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly handshakeTimeoutMs: number;
  /** Undefined: client certificates are not requested. */
  readonly clients: ClientCertificateConfig | undefined;
}

/** Verification of client certificates. */
export interface ClientCertificateConfig {
  readonly caFile: string;
  /** Clients without a certificate are rejected. */
  readonly required: boolean;
  readonly identities: CertificateIdentities;
}

/** A registered content coding (RFC 9110 8.4.1). */
export type ContentCoding = 'gzip' | 'br' | 'zstd';

/** Client listener. */
export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** Replaces host and port; undefined: a TCP port. */
  readonly unixSocket: UnixSocket | undefined;
  /** Undefined: plaintext. */
  readonly tls: ListenerTls | undefined;
  /** Separate port of /metrics and the health paths; undefined: on the main port. */
  readonly opsPort: number | undefined;
  /** Without a trailing slash. */
  readonly publicUrl: string | undefined;
  /** Path of publicUrl, under which everything is served and linked: `/edge`, or empty. */
  readonly basePath: string;
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  readonly headersTimeoutMs: number;
  /** Maximum time to receive a complete request, including its body. */
  readonly receiveTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Addresses and CIDR blocks of trusted proxies. */
  readonly trustedProxies: readonly string[];
  /** Header in which they name the client; `auto`: either, unless both are present and differ. */
  readonly forwardedHeader: 'auto' | 'x-forwarded-for' | 'forwarded';
  /** Trusted proxies name the path that they strip in X-Forwarded-Prefix. */
  readonly forwardedPrefix: boolean;
  readonly corsOrigins: readonly string[];
  /** Request headers that pages of those origins may send in addition to those that the gateway reads, in lower case. */
  readonly corsHeaders: readonly string[];
  /** Codings in order of preference; empty: responses are not compressed. */
  readonly compression: { readonly codings: readonly ContentCoding[]; readonly minBytes: number };
  /** Responses have Server-Timing. */
  readonly serverTiming: boolean;
  readonly docs: boolean;
  /** Contact of the API; undefined: not in the OpenAPI document. */
  readonly docsContact: string | undefined;
}

/** JSON of requests and responses. */
export interface JsonConfig {
  readonly emitDefaults: boolean;
  readonly maxDepth: number;
  readonly maxKeys: number;
  /** Fields of responses have their proto names. */
  readonly protoNames: boolean;
  /** Enums of responses are numbers. */
  readonly enumNumbers: boolean;
  /** Query parameters that are ignored instead of rejected as unknown: `fbclid`, `utm_*`. */
  readonly ignoredQuery: readonly string[];
}
