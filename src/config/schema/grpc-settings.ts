import { defaulted, type Kind, optional, Refusal, type SettingsOf } from '../setting.js';
import { file, listOf, oneOf, text } from '../string-parsers.js';
import { bytes, count, duration, flag } from '../unit-parsers.js';
import { upstreamName } from '../upstream-names.js';

/** Members of a gRPC service config that policies of RPCs replace. */
const OURS = ['methodConfig', 'retryThrottling'];

/** Parses a gRPC service config in JSON (grpc/doc/service_config.md) without deadlines and retries, which belong to policies. */
export const serviceConfig: Kind<string> = {
  form: 'JSON',
  parse(raw) {
    const config = parseObject(raw);
    const refused = OURS.find((key) => Object.hasOwn(config, key));
    if (refused === undefined) return raw;
    throw new Refusal(`has ${refused}`, 'leave it out: deadlines and retries are those of the policy of each RPC');
  },
};

function parseObject(raw: string): object {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw new Refusal('is not JSON', 'write {"loadBalancingConfig":[{"round_robin":{}}]}');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Refusal('is not a JSON object', 'write {"loadBalancingConfig":[{"round_robin":{}}]}');
}

/** Encryption of upstream connections: plaintext, TLS with a server certificate, or mutual TLS. */
export const tlsMode = oneOf('insecure', 'tls', 'mtls');

/** Transport of calls to an upstream. */
export const grpcTransport = oneOf('http2', 'grpc-js');

/** Settings of the connections to all upstreams. */
export const grpcSettings = {
  GATEWAY_UPSTREAM_TIMEOUT: defaulted(duration(), '2s', {
    description: 'Deadline of a call whose policy does not set one, to an upstream without `GATEWAY_<NAME>_TIMEOUT`.',
    reloadable: true,
  }),
  GATEWAY_GRPC_TRANSPORT: defaulted(grpcTransport, 'http2', {
    description:
      "Transport of calls to upstreams without `GATEWAY_<NAME>_GRPC_TRANSPORT`: the gateway's own HTTP/2 client, or `ClientGrpc` of @nestjs/microservices over @grpc/grpc-js ([how they differ](grpc-transports.md)).",
  }),
  GATEWAY_GRPC_HTTP_PROXY: defaulted(flag, 'false', {
    description:
      'Let `grpc-js` connect through the HTTP proxy that `grpc_proxy`, `https_proxy` or `http_proxy` names, except to hosts in `no_grpc_proxy` or `no_proxy`.',
  }),
  GATEWAY_GRPC_SERVICE_CONFIG: optional(serviceConfig, {
    description:
      'Service config of gRPC for `grpc-js`, without `methodConfig`. Unset: `round_robin` over all addresses.',
    example: '{"loadBalancingConfig":[{"pick_first":{}}]}',
  }),
  GATEWAY_GRPC_KEEPALIVE_TIME: defaulted(duration({ min: 10_000 }), '30s', {
    description: 'Interval of keepalive pings on an idle connection. It must not be below what the backends allow.',
  }),
  GATEWAY_GRPC_KEEPALIVE_TIMEOUT: defaulted(duration(), '5s', {
    description: 'How long to wait for a ping acknowledgement before the connection is replaced.',
  }),
  GATEWAY_GRPC_INITIAL_BACKOFF: defaulted(duration({ min: 100 }), '500ms', {
    description: 'First backoff before reconnecting to an upstream.',
  }),
  GATEWAY_GRPC_MAX_BACKOFF: defaulted(duration({ min: 100 }), '5s', {
    description: 'Maximum backoff before reconnecting to an upstream.',
  }),
  GATEWAY_GRPC_RESOLVE_INTERVAL: defaulted(duration({ min: 1000 }), '30s', {
    description:
      'Interval of DNS resolution of upstream names, ±10 %: new pods receive calls after this time. A lost connection triggers an immediate resolution.',
  }),
  GATEWAY_GRPC_CONNECTIONS_PER_ADDRESS: defaulted(count({ min: 1, max: 8 }), '1', {
    description:
      'Connections to each address of an upstream. Use more than one where an address stands for several pods (a load balancer, a `ClusterIP`), or where a backend allows few streams per connection.',
  }),
  GATEWAY_GRPC_CONNECTION_MAX_AGE: defaulted(duration({ min: 0 }), '30m', {
    description:
      'Age at which a connection is replaced, ±10 %: a new one is established first, and the old one closes after its calls. This lets new pods behind one address receive calls. `0s` keeps connections indefinitely.',
  }),
  GATEWAY_GRPC_MAX_RECEIVE_BYTES: defaulted(bytes(), '4MiB', {
    description: 'Largest message from an upstream (502).',
  }),
  GATEWAY_GRPC_MAX_SEND_BYTES: defaulted(bytes(), '4MiB', { description: 'Largest message to an upstream.' }),
  GATEWAY_GRPC_TLS_MODE: defaulted(tlsMode, 'insecure', {
    description: 'Encryption of connections to upstreams whose address and own settings do not specify it.',
  }),
  GATEWAY_GRPC_TLS_CA_FILE: optional(file, {
    description: 'PEM file of the certificate authorities of upstream certificates. Unset: those of the system.',
    example: '/etc/gateway/tls/ca.crt',
  }),
  GATEWAY_GRPC_TLS_CERT_FILE: optional(file, {
    description: "PEM file of the gateway's own certificate, for `mtls`.",
    example: '/etc/gateway/tls/tls.crt',
  }),
  GATEWAY_GRPC_TLS_KEY_FILE: optional(file, {
    description: 'PEM file of the key of that certificate.',
    example: '/etc/gateway/tls/tls.key',
  }),
  GATEWAY_GRPC_TLS_SERVER_NAME: optional(text, {
    description: 'Host name that upstream certificates are verified against. Unset: the host of the address.',
    example: 'backends.internal',
  }),
  GATEWAY_DESCRIPTORS: defaulted(listOf(file), '', {
    description:
      'Descriptor sets to mount in addition to the built-in one: every service in them with a policy is served from `<NAME>_SERVICE_URL`.',
    example: '/etc/gateway/billing.binpb',
    reloadable: true,
  }),
  GATEWAY_POLICY_FILE: optional(file, {
    description:
      'YAML or JSON file of paths and policies for RPCs of those descriptor sets, for protos that cannot be annotated (docs/policy-file.md). Its rule for an RPC replaces the annotation in the proto. It is read at start and at each reload.',
    example: '/etc/gateway/api.yaml',
    reloadable: true,
  }),
  GATEWAY_UPSTREAMS: defaulted(listOf(upstreamName), '', {
    description:
      'Upstream names of packages or services of `GATEWAY_DESCRIPTORS`; they override the protos ([upstream-names.md](upstream-names.md)). Default: the last segment of the package before its version.',
    example: 'acme.billing.v1=billing',
    reloadable: true,
  }),
};

/** Maps the settings of upstream connections. */
export function grpcOf(settings: SettingsOf<typeof grpcSettings>) {
  return {
    keepaliveTimeMs: settings.GATEWAY_GRPC_KEEPALIVE_TIME,
    keepaliveTimeoutMs: settings.GATEWAY_GRPC_KEEPALIVE_TIMEOUT,
    initialBackoffMs: settings.GATEWAY_GRPC_INITIAL_BACKOFF,
    maxBackoffMs: settings.GATEWAY_GRPC_MAX_BACKOFF,
    resolveIntervalMs: settings.GATEWAY_GRPC_RESOLVE_INTERVAL,
    connectionsPerAddress: settings.GATEWAY_GRPC_CONNECTIONS_PER_ADDRESS,
    connectionMaxAgeMs: settings.GATEWAY_GRPC_CONNECTION_MAX_AGE,
    maxReceiveBytes: settings.GATEWAY_GRPC_MAX_RECEIVE_BYTES,
    maxSendBytes: settings.GATEWAY_GRPC_MAX_SEND_BYTES,
    httpProxy: settings.GATEWAY_GRPC_HTTP_PROXY,
    serviceConfig: settings.GATEWAY_GRPC_SERVICE_CONFIG,
  };
}
