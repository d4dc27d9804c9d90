import { socketMode, unixSocket } from '../listener.js';
import { certificateIdentities } from '../certificate-identities.js';
import { duration } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { file, oneOf } from '../string-parsers.js';

/** How clients connect: a Unix domain socket in place of the port, and TLS. */
export const listenerSettings = {
  GATEWAY_LISTEN: optional(unixSocket, {
    description:
      'Unix domain socket to listen on in place of `GATEWAY_HOST` and `API_GATEWAY_PORT`, for a proxy on the same machine. `OPS_PORT` and the admin listener keep their ports.',
    example: 'unix:/run/gateway/api.sock',
  }),
  GATEWAY_LISTEN_MODE: defaulted(socketMode, '0660', {
    description: 'Permissions of that socket, octal. Whoever may write to it may connect.',
  }),
  GATEWAY_TLS_CERT_FILE: optional(file, {
    description:
      'PEM file of the certificate that clients see, with its chain. Set: the listener speaks TLS alone (docs/in-front.md). Read again when it changes.',
    example: '/etc/gateway/listener/tls.crt',
  }),
  GATEWAY_TLS_KEY_FILE: optional(file, {
    description: 'PEM file of the key of that certificate. Read again when it changes.',
    example: '/etc/gateway/listener/tls.key',
  }),
  GATEWAY_TLS_MIN_VERSION: defaulted(oneOf('1.2', '1.3'), '1.2', { description: 'Oldest version of TLS for clients.' }),
  GATEWAY_TLS_HANDSHAKE_TIMEOUT: defaulted(duration(), '10s', {
    description: 'Longest wait for the TLS handshake of a client.',
  }),
  GATEWAY_TLS_CLIENT_CA_FILE: optional(file, {
    description:
      'PEM file of the authorities whose client certificates are taken as credentials. Unset: no certificate is asked for. Read again when it changes.',
    example: '/etc/gateway/listener/clients.crt',
  }),
  GATEWAY_TLS_CLIENT_AUTH: defaulted(oneOf('optional', 'required'), 'optional', {
    description:
      'Whether a client without a certificate may connect. One whose certificate is not from those authorities, or not valid, never may.',
  }),
  GATEWAY_TLS_CLIENT_IDENTITIES: optional(certificateIdentities, {
    description:
      'YAML file: for a name in a client certificate (`uri:spiffe://…`, `dns:…`, `cn:…`) its tenant, permissions and roles (docs/in-front.md). A name that is not in it is nobody.',
    example: '/etc/gateway/clients.yaml',
    reloadable: true,
  }),
};
