import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Inject, Injectable } from '@nestjs/common';
import type { CertificateIdentities, CertificateIdentity } from '../config/certificate-identities.js';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import type { GuardedRequest } from './gateway-guard.js';
import { refusal } from './refusal.js';

/** Caller of a connection, with the identities from which it was determined. */
interface Known {
  readonly identities: CertificateIdentities;
  readonly principal: Principal;
}

/**
 * Returns the SHA-256 fingerprint of the verified client certificate of a connection; undefined without one that a
 * configured authority has signed.
 */
export function verifiedCertificate(socket: Socket | undefined): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  return socket.getPeerX509Certificate()?.fingerprint256;
}

/**
 * Authenticates a client certificate (RFC 8446 4.4.2). A certificate without an identity in the settings is rejected.
 */
@Injectable()
export class ClientCertificates {
  private readonly known = new WeakMap<Socket, Known>();

  constructor(@Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'server'>) {}

  /**
   * Returns the caller. Throws UNAUTHENTICATED, or CSRF_FAILED for browser requests: a browser would add the
   * certificate to requests of any page.
   */
  identify({ socket, headers }: GuardedRequest): Principal {
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) throw fromBrowser();
    const identities = this.config.server.tls?.clients?.identities;
    if (socket === undefined || identities === undefined) throw refusal('CERTIFICATE_UNKNOWN');
    const known = this.known.get(socket);
    const principal = known?.identities === identities ? known.principal : this.find(socket, identities);
    if (principal.expiresAt * 1_000 <= Date.now()) throw refusal('TOKEN_EXPIRED');
    return principal;
  }

  private find(socket: Socket, identities: CertificateIdentities): Principal {
    const certificate = (socket as TLSSocket).getPeerX509Certificate();
    const names = certificate === undefined ? [] : namesIn(certificate);
    const found = identities.filter(([name]) => names.includes(name)).map(([, identity]) => identity);
    const [identity] = found;
    // A certificate that matches several identities is ambiguous.
    if (certificate === undefined || identity === undefined || found.length > 1) throw refusal('CERTIFICATE_UNKNOWN');
    const principal = principalOf(identity, certificate);
    this.known.set(socket, { identities, principal });
    return principal;
  }
}

function principalOf(
  { subject, tenant, permissions, roles }: CertificateIdentity,
  certificate: X509Certificate,
): Principal {
  return Object.freeze({
    subject,
    tenantId: tenant,
    identityType: 'service',
    authMethod: 'certificate',
    issuer: '',
    roles,
    permissions,
    expiresAt: certificate.validToDate.getTime() / 1_000,
    tokenId: '',
  });
}

/**
 * Returns the names that the authority has signed: subject alternative names, and the common name of the subject if
 * there is exactly one.
 */
function namesIn(certificate: X509Certificate): string[] {
  const { subject, subjectAltName = '' } = certificate;
  // Node quotes a name that could be read as several; such names are not used.
  const alternative = subjectAltName.includes('"') ? [] : subjectAltName.split(', ');
  const names = alternative.flatMap((name) => {
    if (name.startsWith('URI:')) return [`uri:${name.slice(4)}`];
    return name.startsWith('DNS:') ? [`dns:${name.slice(4)}`] : [];
  });
  const common = subject?.split('\n').filter((line) => line.startsWith('CN=')) ?? [];
  return common.length === 1 ? [...names, `cn:${common[0]?.slice(3)}`] : names;
}

function fromBrowser(): GatewayError {
  return new GatewayError('CSRF_FAILED', 'A client certificate is not a credential for requests of browser pages.', {
    decisionReason: 'CSRF_FAILED',
  });
}
