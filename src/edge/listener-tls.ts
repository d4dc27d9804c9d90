import { constants } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls';
import type { Logger } from 'pino';
import type { ClientCertificateConfig, ListenerTls } from '../config/schema/listener-settings.js';
import type { DegradeFlag } from '../observe/degrade-flags.js';
import type { HandshakeFailure } from '../observe/listener-metrics.js';
import type { Observation } from '../observe/observe.module.js';
import type { HttpServer } from './http-server.js';

type Watching = Pick<Observation, 'degradeFlags' | 'metrics' | 'logger'>;

const LOOK_MS = 1_000;
/**
 * Cipher suites: TLS 1.3, and those of TLS 1.2 with authentication and forward secrecy (the intermediate profile of
 * Mozilla's guideline 5.7).
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Reads the options of the secure contexts of a listener. Throws, naming the file, for files that cannot be used. */
export function readListenerContext({ certFile, keyFile, minVersion, clients }: ListenerTls): SecureContextOptions {
  const context = {
    cert: readPem(certFile),
    key: readPem(keyFile),
    ...(clients === undefined ? {} : { ca: readPem(clients.caFile) }),
    minVersion,
    ciphers: CIPHERS,
    // Clients use renegotiation only to cause load (CVE-2011-1473).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
  try {
    createSecureContext(context);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new Error(`${certFile} and ${keyFile} cannot be used: ${reason}`, { cause: error });
  }
  return context;
}

/** Returns the options of a server with TLS. Throws as {@link readListenerContext} does. */
export function listenerTlsOptions(tls: ListenerTls): ServerOptions {
  return {
    ...readListenerContext(tls),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: tls.handshakeTimeoutMs,
    // A client with an invalid certificate is rejected by ListenerCertificate, which counts it.
    ...(tls.clients === undefined ? {} : { requestCert: true, rejectUnauthorized: false }),
  };
}

/**
 * The certificate of a listener at run time. Watches its files, and gives the server their content when it changes.
 * Open connections keep the certificate with which they began.
 */
export class ListenerCertificate {
  private version: string;
  private authorities: string;
  private readonly server: Server;
  private readonly flag: DegradeFlag;
  private readonly log: Logger;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly tls: ListenerTls,
    private readonly http: Pick<HttpServer, 'fastify' | 'connections'>,
    { degradeFlags, metrics, logger }: Watching,
  ) {
    this.server = http.fastify.server as NetServer as Server;
    this.log = logger.events;
    this.version = versionOf(tls);
    this.authorities = String(readListenerContext(tls).ca);
    this.flag = degradeFlags.flag({
      component: 'listener_certificate',
      cause: 'unusable',
      area: 'gateway',
      degraded: 'changed certificate of the listener refused',
      recovered: 'certificate of the listener accepted again',
    });
    if (tls.clients !== undefined) this.checkClients(tls.clients, metrics);
    this.server.on('tlsClientError', (error) => metrics.listener.handshakeFailed(handshakeFailure(error)));
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /**
   * Begins to watch the files.
   * @param http a server that was made with {@link listenerTlsOptions}.
   */
  static watch(
    tls: ListenerTls,
    http: Pick<HttpServer, 'fastify' | 'connections'>,
    watching: Watching,
  ): ListenerCertificate {
    return new ListenerCertificate(tls, http, watching);
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** Makes the next response the last one on connections that were accepted with other authorities. */
  private followAuthorities({ ca }: SecureContextOptions): void {
    const authorities = String(ca);
    if (authorities !== this.authorities) this.http.connections.retireAll();
    this.authorities = authorities;
  }

  /**
   * Closes a connection whose certificate is invalid, or missing where one is required, before HTTP is read from it.
   */
  private checkClients({ required }: ClientCertificateConfig, { listener }: Watching['metrics']): void {
    this.server.prependListener('secureConnection', (socket) => {
      if (socket.authorized || (!required && socket.getPeerX509Certificate() === undefined)) return;
      listener.handshakeFailed('client_certificate');
      this.log.debug({ reason: socket.authorizationError }, 'tls_client_refused');
      socket.destroy();
    });
  }

  /** Reads the files again. Two files are never replaced at the same moment, so one mismatch is not an error yet. */
  private look(): void {
    try {
      const version = versionOf(this.tls);
      if (version !== this.version) {
        const context = readListenerContext(this.tls);
        this.server.setSecureContext(context);
        this.followAuthorities(context);
        this.version = version;
        this.log.info({ file: this.tls.certFile }, 'tls_certificate_reloaded');
      }
      this.flag.lower();
    } catch (error) {
      this.flag.suspect(`${error instanceof Error ? error.message : 'unknown'}; the former certificate stays in use`);
    }
  }
}

/** Returns the reason for which a handshake failed, as a label of a metric. */
function handshakeFailure({ code = '' }: Error & { readonly code?: string }): HandshakeFailure {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'timeout';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'closed';
  if (/HTTP_REQUEST|WRONG_VERSION_NUMBER|HTTPS_PROXY_REQUEST/.test(code)) return 'not_tls';
  return /VERSION|PROTOCOL|CIPHER|CURVE|GROUP|SIGNATURE_ALG/.test(code) ? 'no_agreement' : 'other';
}

function versionOf({ certFile, keyFile, clients }: ListenerTls): string {
  const parts = [certFile, keyFile, ...(clients === undefined ? [] : [clients.caFile])].map((path) => {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  });
  return parts.join(' ');
}

function readPem(path: string): Buffer {
  const content = readFileSync(path);
  if (!content.includes('-----BEGIN ')) throw new Error(`${path} is not a PEM file`);
  return content;
}
