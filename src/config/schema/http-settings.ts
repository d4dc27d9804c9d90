import { contentCoding, headerName, parameterPattern } from '../names.js';
import { defaulted, optional, type SettingsOf } from '../setting.js';
import { contact, file, listOf, oneOf, origin, publicUrl, text, trustedPeer } from '../string-parsers.js';
import { bytes, count, duration, flag, port } from '../unit-parsers.js';
import { type listenerSettings, listenerTlsOf, unixSocketOf } from './listener-settings.js';
import type { operationSettings } from './operation-settings.js';

/** Settings of the client listener. */
export const httpSettings = {
  API_GATEWAY_PORT: defaulted(port, '8080', { description: 'Port of the REST API. 0 takes any free port.' }),
  GATEWAY_HOST: defaulted(text, '0.0.0.0', { description: 'Address to listen on.', example: '127.0.0.1' }),
  GATEWAY_PUBLIC_URL: optional(publicUrl, {
    description:
      'URL under which clients reach the gateway; the server of the OpenAPI document. Its path is the base path: everything is served under it, and links and redirects begin with it. The same paths are also served without it, for probes and for proxies that strip it.',
    example: 'https://api.example.com',
  }),
  GATEWAY_DOCS: defaulted(flag, 'true', { description: 'Serve `/docs` and `/openapi.json`.' }),
  GATEWAY_DOCS_CONTACT: optional(contact, {
    description: 'Contact for the API, in `info.contact` of the OpenAPI document: an e-mail address or a URL.',
    example: 'api@example.com',
  }),
  GATEWAY_MODULES: defaulted(listOf(file), '', {
    description:
      'JavaScript files that export your own NestJS modules: controllers, guards, interceptors, filters. A controller with `@RpcController` for a service replaces the generated one.',
    example: 'dist/shop.module.js',
  }),
  GATEWAY_CORS_ORIGINS: defaulted(listOf(origin), '', {
    description: 'Origins whose pages may read responses, matched exactly; `*` is rejected. Empty: no CORS headers.',
    example: 'https://app.example.com,https://admin.example.com',
    reloadable: true,
  }),
  GATEWAY_CORS_HEADERS: defaulted(listOf(headerName), '', {
    description:
      'Request headers that pages of those origins may send, in addition to those that the gateway reads. `*` is rejected: browsers do not honor it for requests with credentials (Fetch 3.3.3).',
    example: 'x-client-version,sentry-trace,baggage',
    reloadable: true,
  }),
  GATEWAY_IGNORED_QUERY: defaulted(listOf(parameterPattern), '', {
    description:
      'Query parameters that are ignored instead of being rejected as unknown (400), by name or by prefix (`utm_*`). A request field of that name keeps its meaning.',
    example: 'utm_*,fbclid,gclid',
  }),
  GATEWAY_COMPRESSION: defaulted(listOf(contentCoding), '', {
    description:
      'Content codings of responses for clients that accept them, in order of preference. Empty: responses are not compressed. Never compressed (BREACH): responses of the gateway itself (sign-in, sessions, problems), responses with a field that looks like a secret, and RPCs whose policy says `uncompressed`.',
    example: 'zstd,br,gzip',
  }),
  GATEWAY_COMPRESSION_MIN_BYTES: defaulted(bytes(), '1KiB', {
    description: 'Minimum size of a response to be compressed. Messages of a stream are compressed regardless of size.',
  }),
  GATEWAY_SERVER_TIMING: defaulted(flag, 'false', {
    description:
      'Send `Server-Timing` with the time that a successful RPC spent in each phase: receive, auth, ratelimit, queue, upstream, total, in ms. It discloses internals to clients: use it in development, or behind a proxy that removes it.',
  }),
  GATEWAY_TRUSTED_PROXIES: defaulted(listOf(trustedPeer), '', {
    description:
      'Proxies whose `X-Forwarded-For` or `Forwarded`, and whose sampled flag in `traceparent`, are trusted; `unix:` for those that connect to the socket of `GATEWAY_LISTEN`. Empty: no proxy is trusted, and the peer is the client.',
    example: '10.0.0.0/8,fd00::/8',
  }),
  GATEWAY_FORWARDED_HEADER: defaulted(oneOf('auto', 'x-forwarded-for', 'forwarded'), 'auto', {
    description:
      'Header in which trusted proxies name the client. `auto`: the one that is present; if both are present and name different clients, neither, since a proxy forwards the header that it does not write unchanged from the client.',
  }),
  GATEWAY_FORWARDED_PREFIX: defaulted(flag, 'false', {
    description:
      'Read from `X-Forwarded-Prefix` which path a trusted proxy stripped from the request: links, `Location`, problems and the server of the OpenAPI document begin with it. Of several values the last one is used. Enable it only for proxies that set the header themselves; sign-in uses `GATEWAY_PUBLIC_URL`.',
  }),
  GATEWAY_MAX_BODY_BYTES: defaulted(bytes({ max: 64 * 1024 ** 2 }), '1MiB', {
    description: 'Maximum size of a request body (413). A policy may set a lower or higher limit for its RPC.',
    reloadable: true,
  }),
  GATEWAY_MAX_HEADER_BYTES: defaulted(bytes({ min: 4096, max: 16_384 }), '8KiB', {
    description: 'Maximum size of request line and headers together (431).',
  }),
  GATEWAY_MAX_CONNECTIONS: defaulted(count({ min: 1 }), '10000', {
    description: 'Maximum number of open connections; further ones are closed immediately.',
  }),
  GATEWAY_HEADERS_TIMEOUT: defaulted(duration(), '10s', {
    description: 'Maximum time to receive the headers of a request.',
  }),
  GATEWAY_RECEIVE_TIMEOUT: defaulted(duration(), '15s', {
    description: 'Maximum time to receive a complete request, including its body (408).',
  }),
  GATEWAY_KEEP_ALIVE_TIMEOUT: defaulted(duration(), '65s', {
    description: 'How long an idle connection stays open. Keep it above the idle timeout of the load balancer.',
  }),
};

/** Maps the settings of the client listener. */
export function serverOf(
  settings: SettingsOf<typeof httpSettings & typeof listenerSettings & Pick<typeof operationSettings, 'OPS_PORT'>>,
) {
  return {
    host: settings.GATEWAY_HOST,
    port: settings.API_GATEWAY_PORT,
    unixSocket: unixSocketOf(settings),
    tls: listenerTlsOf(settings),
    opsPort: settings.OPS_PORT,
    publicUrl: settings.GATEWAY_PUBLIC_URL,
    basePath: basePathOf(settings.GATEWAY_PUBLIC_URL),
    maxBodyBytes: settings.GATEWAY_MAX_BODY_BYTES,
    maxHeaderBytes: settings.GATEWAY_MAX_HEADER_BYTES,
    maxConnections: settings.GATEWAY_MAX_CONNECTIONS,
    headersTimeoutMs: settings.GATEWAY_HEADERS_TIMEOUT,
    receiveTimeoutMs: settings.GATEWAY_RECEIVE_TIMEOUT,
    keepAliveTimeoutMs: settings.GATEWAY_KEEP_ALIVE_TIMEOUT,
    trustedProxies: settings.GATEWAY_TRUSTED_PROXIES,
    forwardedHeader: settings.GATEWAY_FORWARDED_HEADER,
    forwardedPrefix: settings.GATEWAY_FORWARDED_PREFIX,
    corsOrigins: settings.GATEWAY_CORS_ORIGINS,
    corsHeaders: settings.GATEWAY_CORS_HEADERS,
    compression: { codings: settings.GATEWAY_COMPRESSION, minBytes: settings.GATEWAY_COMPRESSION_MIN_BYTES },
    serverTiming: settings.GATEWAY_SERVER_TIMING,
    docs: settings.GATEWAY_DOCS,
    docsContact: settings.GATEWAY_DOCS_CONTACT,
  };
}

export type ServerConfig = Readonly<ReturnType<typeof serverOf>>;

/** Returns the path of the public URL without a trailing slash; empty without a path. */
export function basePathOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
}
