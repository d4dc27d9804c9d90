import { socketMode, unixSocket } from '../listener.js';
import { certificateIdentities } from '../certificate-identities.js';
import { duration } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { file, oneOf } from '../string-parsers.js';

/** Settings of the client listener's Unix domain socket and TLS. */
export const listenerSettings = {
  GATEWAY_LISTEN: optional(unixSocket, {
    description:
      'Unix domain socket to listen on in place of `GATEWAY_HOST` and `API_GATEWAY_PORT`, for a proxy on the same machine. `OPS_PORT` and the admin listener keep their ports.',
    example: 'unix:/run/gateway/api.sock',
  }),
  GATEWAY_LISTEN_MODE: defaulted(socketMode, '0660', {
    description: 'Permissions of that socket, octal. Users with write permission may connect.',
  }),
  GATEWAY_TLS_CERT_FILE: optional(file, {
    description:
      'PEM file of the server certificate with its chain. When set, the listener accepts only TLS (docs/in-front.md). Reloaded when it changes.',
    example: '/etc/gateway/listener/tls.crt',
  }),
  GATEWAY_TLS_KEY_FILE: optional(file, {
    description: 'PEM file of the private key of that certificate. Reloaded when it changes.',
    example: '/etc/gateway/listener/tls.key',
  }),
  GATEWAY_TLS_MIN_VERSION: defaulted(oneOf('1.2', '1.3'), '1.2', { description: 'Minimum TLS version for clients.' }),
  GATEWAY_TLS_HANDSHAKE_TIMEOUT: defaulted(duration(), '10s', {
    description: 'Maximum duration of the TLS handshake of a client.',
  }),
  GATEWAY_TLS_CLIENT_CA_FILE: optional(file, {
    description:
      'PEM file of the certificate authorities whose client certificates are accepted as credentials. Unset: client certificates are not requested. Reloaded when it changes.',
    example: '/etc/gateway/listener/clients.crt',
  }),
  GATEWAY_TLS_CLIENT_AUTH: defaulted(oneOf('optional', 'required'), 'optional', {
    description:
      'Handling of clients without a certificate: `optional` lets them connect, `required` does not. A client with an invalid certificate, or with one of other authorities, is always rejected.',
  }),
  GATEWAY_TLS_CLIENT_IDENTITIES: optional(certificateIdentities, {
    description:
      'YAML file that maps the name in a client certificate (`uri:spiffe://…`, `dns:…`, `cn:…`) to tenant, permissions and roles (docs/in-front.md). A certificate whose name is not listed does not authenticate anyone.',
    example: '/etc/gateway/clients.yaml',
    reloadable: true,
  }),
};
