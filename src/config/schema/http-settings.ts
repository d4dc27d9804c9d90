import { bytes, count, duration, flag, port } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { contentCoding, headerName, parameterPattern } from '../names.js';
import { contact, file, listOf, oneOf, origin, publicUrl, text, trustedPeer } from '../string-parsers.js';

/** The listener towards clients. */
export const httpSettings = {
  API_GATEWAY_PORT: defaulted(port, '8080', { description: 'Port of the REST API. 0 takes any free port.' }),
  GATEWAY_HOST: defaulted(text, '0.0.0.0', { description: 'Address to listen on.', example: '127.0.0.1' }),
  GATEWAY_PUBLIC_URL: optional(publicUrl, {
    description:
      'URL under which clients reach the gateway; the server of the OpenAPI document. A path in it is the base path: everything is served under it, and links and redirects begin with it. The same paths without it are served too, for probes and for proxies that take it off.',
    example: 'https://api.example.com',
  }),
  GATEWAY_DOCS: defaulted(flag, 'true', { description: 'Serve `/docs` and `/openapi.json`.' }),
  GATEWAY_DOCS_CONTACT: optional(contact, {
    description: 'Whom to ask about the API, in `info.contact` of the OpenAPI document: an e-mail address or a URL.',
    example: 'api@example.com',
  }),
  GATEWAY_MODULES: defaulted(listOf(file), '', {
    description:
      'JavaScript files that export NestJS modules of your own: controllers, guards, interceptors, filters. A controller that `@RpcController` makes for a service takes the place of the generated one.',
    example: 'dist/shop.module.js',
  }),
  GATEWAY_CORS_ORIGINS: defaulted(listOf(origin), '', {
    description: 'Origins whose pages may read answers, each exactly; `*` is refused. Empty: no CORS headers.',
    example: 'https://app.example.com,https://admin.example.com',
    reloadable: true,
  }),
  GATEWAY_CORS_HEADERS: defaulted(listOf(headerName), '', {
    description:
      'Request headers that pages of those origins may send, beside the ones that the gateway reads. `*` is refused: browsers do not take it where cookies are sent (Fetch 3.3.3).',
    example: 'x-client-version,sentry-trace,baggage',
    reloadable: true,
  }),
  GATEWAY_IGNORED_QUERY: defaulted(listOf(parameterPattern), '', {
    description:
      'Query parameters that are dropped where an unknown one is refused (400), by name or by the beginning of a name (`utm_*`). A field of the request of that name keeps its meaning.',
    example: 'utm_*,fbclid,gclid',
  }),
  GATEWAY_COMPRESSION: defaulted(listOf(contentCoding), '', {
    description:
      'Content codings of responses for clients that accept them, in the order of preference. Empty: nothing is compressed. Never compressed: what the gateway answers itself (sign-in, sessions, problems), responses with a field that looks like a secret, and RPCs whose policy says `uncompressed` (BREACH).',
    example: 'zstd,br,gzip',
  }),
  GATEWAY_COMPRESSION_MIN_BYTES: defaulted(bytes(), '1KiB', {
    description: 'Smaller responses are sent as they are. Messages of a stream are compressed whatever their size.',
  }),
  GATEWAY_SERVER_TIMING: defaulted(flag, 'false', {
    description:
      'Say in `Server-Timing` where the time of a successful RPC went: receive, auth, ratelimit, queue, upstream, total, in ms. It tells clients about the inside: for development, or behind a proxy that takes it off.',
  }),
  GATEWAY_TRUSTED_PROXIES: defaulted(listOf(trustedPeer), '', {
    description:
      'Proxies whose `X-Forwarded-For` or `Forwarded`, and whose sampled flag in `traceparent`, are believed; `unix:` for those that connect to the socket of `GATEWAY_LISTEN`. Empty: none, the peer is the client.',
    example: '10.0.0.0/8,fd00::/8',
  }),
  GATEWAY_FORWARDED_HEADER: defaulted(oneOf('auto', 'x-forwarded-for', 'forwarded'), 'auto', {
    description:
      'Header in which trusted proxies name the client. `auto`: the one that is there; where both are and name different clients, neither, since a proxy passes on the one that it does not write as the client sent it.',
  }),
  GATEWAY_FORWARDED_PREFIX: defaulted(flag, 'false', {
    description:
      'Trusted proxies say in `X-Forwarded-Prefix` which path they took off the request: links, `Location`, problems and the server of the OpenAPI document begin with it. Of several values the last one counts. Only for proxies that write the header themselves; sign-in goes by `GATEWAY_PUBLIC_URL`.',
  }),
  GATEWAY_MAX_BODY_BYTES: defaulted(bytes({ max: 64 * 1024 ** 2 }), '1MiB', {
    description: 'Largest request body (413). A policy may set less or more for its RPC.',
    reloadable: true,
  }),
  GATEWAY_MAX_HEADER_BYTES: defaulted(bytes({ min: 4096, max: 16_384 }), '8KiB', {
    description: 'Largest request line and headers together (431).',
  }),
  GATEWAY_MAX_CONNECTIONS: defaulted(count({ min: 1 }), '10000', {
    description: 'Connections open at the same time; further ones are closed immediately.',
  }),
  GATEWAY_HEADERS_TIMEOUT: defaulted(duration(), '10s', { description: 'Longest wait for the headers of a request.' }),
  GATEWAY_RECEIVE_TIMEOUT: defaulted(duration(), '15s', {
    description: 'Longest wait for a whole request, its body included (408).',
  }),
  GATEWAY_KEEP_ALIVE_TIMEOUT: defaulted(duration(), '65s', {
    description: 'How long an idle connection stays open. Keep it above the idle timeout of the load balancer.',
  }),
};

/** JSON in and out. */
export const jsonSettings = {
  GATEWAY_JSON_EMIT_DEFAULTS: defaulted(flag, 'true', {
    description: 'Write fields without presence even when they hold their default (`0`, `""`, `[]`).',
  }),
  GATEWAY_JSON_FIELD_NAMES: defaulted(oneOf('camel', 'proto'), 'camel', {
    description:
      'Names of fields in responses: `camel` is `displayName` or the `json_name` of the field, `proto` is `display_name` as in the proto. Requests may use both (ProtoJSON).',
  }),
  GATEWAY_JSON_ENUMS: defaulted(oneOf('names', 'numbers'), 'names', {
    description: 'How responses write enums: by name, or by number. Requests may use both (ProtoJSON).',
  }),
  GATEWAY_JSON_MAX_DEPTH: defaulted(count({ min: 1, max: 100 }), '64', {
    description: 'Deepest nesting of a request body (400).',
  }),
  GATEWAY_JSON_MAX_KEYS: defaulted(count({ min: 1 }), '1000', {
    description: 'Most object keys in a request body (400).',
  }),
};
