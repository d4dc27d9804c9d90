import type { CertificateIdentities } from './certificate-identities.js';

/** A Unix domain socket that clients connect to. */
export interface UnixSocket {
  readonly path: string;
  readonly mode: number;
}

/** TLS towards clients. Files are PEM. */
export interface ListenerTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly handshakeTimeoutMs: number;
  /** Undefined: clients are not asked for certificates. */
  readonly clients: ClientCertificateConfig | undefined;
}

/** Certificates of clients. */
export interface ClientCertificateConfig {
  readonly caFile: string;
  /** Without one there is no connection. */
  readonly required: boolean;
  readonly identities: CertificateIdentities;
}

/** A registered content coding (RFC 9110 8.4.1). */
export type ContentCoding = 'gzip' | 'br' | 'zstd';

/** The listener towards clients. */
export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** In place of host and port; undefined: those. */
  readonly unixSocket: UnixSocket | undefined;
  /** Undefined: plaintext. */
  readonly tls: ListenerTls | undefined;
  /** Port of /metrics and the health paths alone; undefined: on the main port. */
  readonly opsPort: number | undefined;
  /** Without a slash at its end. */
  readonly publicUrl: string | undefined;
  /** The path in it, under which everything is served and linked: `/edge`, or empty. */
  readonly basePath: string;
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  readonly headersTimeoutMs: number;
  /** Longest wait for a whole request, its body included. */
  readonly receiveTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Addresses and CIDR blocks of proxies. */
  readonly trustedProxies: readonly string[];
  /** Header in which they name the client; `auto`: either, where they do not contradict each other. */
  readonly forwardedHeader: 'auto' | 'x-forwarded-for' | 'forwarded';
  /** Trusted proxies name the path that they take off in X-Forwarded-Prefix. */
  readonly forwardedPrefix: boolean;
  readonly corsOrigins: readonly string[];
  /** Request headers that their pages may send beside those that the gateway reads, in lower case. */
  readonly corsHeaders: readonly string[];
  /** In the order of preference; none: nothing is compressed. */
  readonly compression: { readonly codings: readonly ContentCoding[]; readonly minBytes: number };
  /** Responses say where their time went. */
  readonly serverTiming: boolean;
  readonly docs: boolean;
  /** Whom to ask about the API; undefined: nobody is named. */
  readonly docsContact: string | undefined;
}

/** JSON in and out. */
export interface JsonConfig {
  readonly emitDefaults: boolean;
  readonly maxDepth: number;
  readonly maxKeys: number;
  /** Fields of responses have their names of the proto. */
  readonly protoNames: boolean;
  /** Enums of responses are numbers. */
  readonly enumNumbers: boolean;
  /** Query parameters that are dropped where an unknown one is refused: `fbclid`, `utm_*`. */
  readonly ignoredQuery: readonly string[];
}
