import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { Gauge, type Registry } from 'prom-client';
import type { GatewayConfig } from '../config/gateway-config.js';

/** A PEM file with certificates that the gateway uses. */
export interface CertificateFile {
  /** Name of the upstream, `otlp`, or `listener`. */
  readonly usedFor: string;
  /**
   * `client`: the gateway's own certificate with its chain; `server`: that of its listener; `ca`: the trusted
   * authorities.
   */
  readonly kind: 'client' | 'server' | 'ca';
  readonly path: string;
}

/** Period of validity of a certificate, in Unix seconds. */
interface Validity {
  readonly start: number;
  readonly end: number;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Returns the files with certificates that the settings name. */
export function certificateFiles({ server, upstreams, tracing }: GatewayConfig): readonly CertificateFile[] {
  const file = (usedFor: string, kind: CertificateFile['kind'], path: string | undefined) =>
    path === undefined ? [] : [{ usedFor, kind, path }];
  const ofUpstreams = [...upstreams].flatMap(([name, { tls }]) => [
    ...file(name, 'client', tls.certFile),
    ...file(name, 'ca', tls.caFile),
  ]);
  return [...file('listener', 'server', server.tls?.certFile), ...ofUpstreams, ...file('otlp', 'ca', tracing?.caFile)];
}

/**
 * Registers the start and the end of validity of the certificates in these files. An unreadable file has no series.
 */
export function registerCertificateMetrics(registry: Registry, files: readonly CertificateFile[]): void {
  const watched = files.map((file) => ({ ...file, read: watchValidity(file) }));
  const register = (name: string, help: string, pick: (validity: Validity) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['used_for', 'kind'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { usedFor, kind, read } of watched) {
          const validity = read();
          if (validity !== undefined) this.set({ used_for: usedFor, kind }, pick(validity));
        }
      },
    });
  register(
    'gateway_tls_certificate_expiry_timestamp_seconds',
    'Unix time at which the certificate of a TLS file expires: the earliest of a certificate and its chain, the latest of authorities.',
    ({ end }) => end,
  );
  register(
    'gateway_tls_certificate_start_timestamp_seconds',
    'Unix time at which the validity of that certificate began.',
    ({ start }) => start,
  );
}

/** Returns a reader that reads the file again when it has changed, as connections do. */
function watchValidity({ path, kind }: CertificateFile): () => Validity | undefined {
  let version = '';
  let validity: Validity | undefined;
  return () => {
    try {
      const { mtimeMs, size, ino } = statSync(path);
      const found = `${mtimeMs} ${size} ${ino}`;
      if (found === version) return validity;
      validity = readValidity(readFileSync(path, 'latin1'), kind);
      version = found;
      return validity;
    } catch {
      version = '';
      return undefined;
    }
  };
}

/**
 * Returns the effective validity. A chain ends with the first of its certificates to expire. A bundle contains an old
 * and a new authority while they are exchanged, so it ends with the last. Throws when a certificate cannot be parsed.
 */
function readValidity(pem: string, kind: CertificateFile['kind']): Validity | undefined {
  const all = Array.from(pem.matchAll(CERTIFICATE), ([text]) => {
    const { validFromDate, validToDate } = new X509Certificate(text);
    return { start: validFromDate.getTime() / 1000, end: validToDate.getTime() / 1000 };
  });
  const sorted = all.toSorted((a, b) => a.end - b.end);
  return kind === 'ca' ? sorted.at(-1) : sorted[0];
}
