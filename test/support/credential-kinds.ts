import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { startSandbox } from '../../sandbox/environment.js';
import {
  type CheckPermissionRequest,
  CheckPermissionRequestSchema,
  CheckPermissionResponseSchema,
  ExchangeIdentityResponseSchema,
  ValidateCredentialRequestSchema,
  ValidateCredentialResponseSchema,
} from '../../src/gen/auth/v1/auth_pb.js';
import { type BytesCall, type GrpcBackend, grpcBackend } from './grpc-backend.js';
import { FROM_PAGE, signIn, type SsoGateway, startSsoGateway } from './sso.js';
import { WebClient } from './web-client.js';

/** Every way in which a caller can say who it is. */
export const CREDENTIAL_KINDS = ['jwt', 'jwt of a further issuer', 'opaque', 'api_key', 'session'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** Claims of a credential; an undefined field is absent. */
export interface Identity {
  readonly subject?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly permissions?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
}

type Verdict = MessageInitShape<typeof ValidateCredentialResponseSchema>;

const USER = 'alice@acme.test';
const FURTHER_ISSUER = 'https://apps.example';

/** A gateway that takes credentials of every kind, and the AuthService that vouches for them as a test says. */
export class CredentialBench {
  /** Requests of CheckPermission so far. */
  readonly checks: CheckPermissionRequest[] = [];
  /** Permissions that CheckPermission grants, by subject. */
  granted: readonly string[] = [];
  private readonly verdicts = new Map<string, Verdict>();
  private nextToken = '';
  private serial = 0;
  private auth!: GrpcBackend;
  gateway!: SsoGateway;

  static async start(env: Readonly<Record<string, string>> = {}): Promise<CredentialBench> {
    const bench = new CredentialBench();
    const sandbox = await startSandbox({ faultServer: false });
    bench.auth = await grpcBackend({ unary: bench.handlers() });
    bench.gateway = await startSsoGateway({
      sandbox,
      env: {
        AUTH_SERVICE_URL: bench.auth.target,
        GATEWAY_JWT_ISSUERS: `${FURTHER_ISSUER}=${sandbox.jwksUrl}`,
        GATEWAY_HEALTH_INTERVAL: '1h',
        ...env,
      },
    });
    return bench;
  }

  async close(): Promise<void> {
    await this.gateway?.close();
    this.auth?.close();
  }

  /** The headers of a request with a new credential. A session is signed in for. */
  async headersOf(kind: CredentialKind, identity: Identity): Promise<Record<string, string>> {
    switch (kind) {
      case 'jwt':
        return { authorization: `Bearer ${await this.tokenOf(identity)}` };
      case 'jwt of a further issuer':
        return { authorization: `Bearer ${await this.tokenOf(identity, { iss: FURTHER_ISSUER })}` };
      case 'opaque':
        return { authorization: `Bearer ${this.keyOf(identity)}` };
      case 'api_key':
        return { 'x-api-key': this.keyOf(identity) };
      case 'session':
        return this.signIn(identity);
    }
  }

  /** A JWT that says exactly this. */
  tokenOf({ subject, tenantId, permissions, roles }: Identity, claims: object = {}): Promise<string> {
    return this.gateway.sandbox.issueToken(USER, { sub: subject, tenant_id: tenantId, permissions, roles, ...claims });
  }

  /** An opaque credential whose holder AuthService describes so. */
  private keyOf({ subject = '', tenantId = '', permissions, roles = [] }: Identity): string {
    const key = `sk-${(this.serial += 1)}`;
    const rights = { permissions: [...(permissions ?? [])], roles: [...roles] };
    const permissionsUnlisted = permissions === undefined;
    this.verdicts.set(key, { valid: true, subject, tenantId, ...rights, permissionsUnlisted, identityType: 'service' });
    return key;
  }

  /** Ends an opaque credential. */
  revoke(key: string): void {
    this.verdicts.delete(key);
  }

  private async signIn(identity: Identity): Promise<Record<string, string>> {
    this.nextToken = await this.tokenOf(identity);
    const client = new WebClient();
    await signIn(client, this.gateway, USER);
    const id = client.cookie(this.gateway.publicUrl, '__Host-sid') ?? '';
    return { cookie: `__Host-sid=${id}`, ...FROM_PAGE };
  }

  private handlers(): Record<string, (call: BytesCall) => Buffer> {
    return {
      '/auth.v1.AuthService/ValidateCredential': ({ request }) => {
        const { credential } = fromBinary(ValidateCredentialRequestSchema, request);
        const verdict = this.verdicts.get(credential) ?? { valid: false };
        return bytesOf(ValidateCredentialResponseSchema, verdict);
      },
      '/auth.v1.AuthService/ExchangeIdentity': () =>
        bytesOf(ExchangeIdentityResponseSchema, {
          accessToken: this.nextToken,
          refreshToken: 'refresh',
          expiresIn: 900,
          userId: 'acme-alice',
        }),
      '/auth.v1.AuthService/CheckPermission': ({ request }) => {
        const asked = fromBinary(CheckPermissionRequestSchema, request);
        this.checks.push(asked);
        const granted = asked.permissions.filter((permission) => this.granted.includes(permission));
        return bytesOf(CheckPermissionResponseSchema, {
          granted,
          allowed: granted.length === asked.permissions.length,
        });
      },
      '/auth.v1.AuthService/Logout': () => Buffer.alloc(0),
    };
  }
}

function bytesOf(...[schema, message]: Parameters<typeof create>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, message)));
}
