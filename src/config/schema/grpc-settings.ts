import { bytes, count, duration, flag } from '../unit-parsers.js';
import { serviceConfig } from '../service-config.js';
import { defaulted, optional } from '../setting.js';
import { file, listOf, oneOf, text } from '../string-parsers.js';
import { upstreamName } from '../upstream-names.js';

/** How upstream connections are encrypted: not at all, with the server's certificate, or with both sides'. */
export const tlsMode = oneOf('insecure', 'tls', 'mtls');

/** What carries calls to an upstream. */
export const grpcTransport = oneOf('http2', 'grpc-js');

/** Channels to all upstreams. */
export const grpcSettings = {
  GATEWAY_UPSTREAM_TIMEOUT: defaulted(duration(), '2s', {
    description: 'Deadline of a call to an upstream that has no `GATEWAY_<NAME>_TIMEOUT` and whose policy sets none.',
    reloadable: true,
  }),
  GATEWAY_GRPC_TRANSPORT: defaulted(grpcTransport, 'http2', {
    description:
      "What carries calls to upstreams that have no `GATEWAY_<NAME>_GRPC_TRANSPORT`: the gateway's own HTTP/2 client, or `ClientGrpc` of @nestjs/microservices over @grpc/grpc-js ([how they differ](grpc-transports.md)).",
  }),
  GATEWAY_GRPC_HTTP_PROXY: defaulted(flag, 'false', {
    description:
      'Whether `grpc-js` connects through the HTTP proxy that `grpc_proxy`, `https_proxy` or `http_proxy` names, except to hosts of `no_grpc_proxy` or `no_proxy`.',
  }),
  GATEWAY_GRPC_SERVICE_CONFIG: optional(serviceConfig, {
    description:
      'Service config of gRPC for `grpc-js`, without `methodConfig`. Unset: `round_robin` over all addresses.',
    example: '{"loadBalancingConfig":[{"pick_first":{}}]}',
  }),
  GATEWAY_GRPC_KEEPALIVE_TIME: defaulted(duration({ min: 10_000 }), '30s', {
    description: 'How often a quiet connection is pinged. Not more often than the backends allow.',
  }),
  GATEWAY_GRPC_KEEPALIVE_TIMEOUT: defaulted(duration(), '5s', {
    description: 'How long a ping may stay unanswered before the connection is replaced.',
  }),
  GATEWAY_GRPC_INITIAL_BACKOFF: defaulted(duration({ min: 100 }), '500ms', {
    description: 'First pause before an upstream is connected to again.',
  }),
  GATEWAY_GRPC_MAX_BACKOFF: defaulted(duration({ min: 100 }), '5s', {
    description: 'Longest pause before an upstream is connected to again.',
  }),
  GATEWAY_GRPC_RESOLVE_INTERVAL: defaulted(duration({ min: 1000 }), '30s', {
    description:
      'How often the names of upstreams are looked up, give or take a tenth: new pods get calls after so long. A lost connection has the name looked up at once.',
  }),
  GATEWAY_GRPC_CONNECTIONS_PER_ADDRESS: defaulted(count({ min: 1, max: 8 }), '1', {
    description:
      'Connections to each address of an upstream. More than one where an address stands for several pods (a load balancer, a `ClusterIP`), or a backend allows few streams on each.',
  }),
  GATEWAY_GRPC_CONNECTION_MAX_AGE: defaulted(duration({ min: 0 }), '30m', {
    description:
      'Age at which a connection is replaced, give or take a tenth: another is made first, and the old one ends with its calls. New pods behind one address get calls that way. `0s` keeps connections as long as they last.',
  }),
  GATEWAY_GRPC_MAX_RECEIVE_BYTES: defaulted(bytes(), '4MiB', {
    description: 'Largest message from an upstream (502).',
  }),
  GATEWAY_GRPC_MAX_SEND_BYTES: defaulted(bytes(), '4MiB', { description: 'Largest message to an upstream.' }),
  GATEWAY_GRPC_TLS_MODE: defaulted(tlsMode, 'insecure', {
    description: 'Encryption towards upstreams whose address and own settings do not say.',
  }),
  GATEWAY_GRPC_TLS_CA_FILE: optional(file, {
    description: 'PEM file of the authorities that sign upstream certificates. Unset: those of the system.',
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
    description: 'Name that upstream certificates must carry. Unset: the host of the address.',
    example: 'backends.internal',
  }),
  GATEWAY_DESCRIPTORS: defaulted(listOf(file), '', {
    description:
      'Descriptor sets to mount beside the built-in one: every service in them with a policy, at `<NAME>_SERVICE_URL`.',
    example: '/etc/gateway/billing.binpb',
    reloadable: true,
  }),
  GATEWAY_POLICY_FILE: optional(file, {
    description:
      'YAML or JSON file of paths and policies for RPCs of those descriptor sets, for protos that cannot be annotated (docs/policy-file.md). What it says of an RPC takes the place of what the proto says. It is read at the start and at each reload.',
    example: '/etc/gateway/api.yaml',
    reloadable: true,
  }),
  GATEWAY_UPSTREAMS: defaulted(listOf(upstreamName), '', {
    description:
      'Names of upstreams for packages or services of `GATEWAY_DESCRIPTORS`, over what their protos say ([upstream-names.md](upstream-names.md)). Default: the last segment of the package before its version.',
    example: 'acme.billing.v1=billing',
    reloadable: true,
  }),
};
