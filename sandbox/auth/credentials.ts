import { Injectable } from '@nestjs/common';
import type { CheckPermissionRequest, ValidateCredentialResponse } from '../../src/gen/auth/v1/auth_pb.js';
import type { Wire } from '../backend/wire.js';
import { Directory } from '../data/directory.js';
import { AccessTokens } from './access-tokens.js';
import { covers } from './permissions.js';
import { RefreshSessions } from './refresh-sessions.js';

/** API keys of the sandbox by tenant. */
export const API_KEYS = { acme: 'sk-sandbox-acme', globex: 'sk-sandbox-globex' } as const;

const INVALID: Wire<ValidateCredentialResponse> = {
  valid: false,
  subject: '',
  tenantId: '',
  roles: [],
  permissions: [],
  identityType: '',
  expiresAt: '0',
  permissionsUnlisted: false,
};

/** Answers who holds a credential and what a subject may do. */
@Injectable()
export class Credentials {
  constructor(
    private readonly directory: Directory,
    private readonly tokens: AccessTokens,
    private readonly sessions: RefreshSessions,
  ) {}

  /** An unknown credential is an answer (`valid: false`), not an error: an error means "could not tell". */
  async validate(credential: string): Promise<Wire<ValidateCredentialResponse>> {
    const [tenantId] = Object.entries(API_KEYS).find(([, key]) => key === credential) ?? [];
    return tenantId === undefined ? this.#validateToken(credential) : serviceOf(tenantId);
  }

  /** Returns the requested permissions that the subject holds in the tenant. Who may not sign in holds none. */
  granted({ subject, tenantId, permissions }: Wire<CheckPermissionRequest>): string[] {
    const user = this.directory.users.get(subject);
    if (user?.status !== 'USER_STATUS_ACTIVE') return [];
    const member = this.directory.members.get(tenantId)?.get(subject);
    const roles = user.tenantId === tenantId ? user.roles : (member?.roles ?? []);
    const held = this.tokens.permissionsOf(roles);
    return permissions.filter((wanted) => covers(held, wanted));
  }

  async #validateToken(token: string): Promise<Wire<ValidateCredentialResponse>> {
    const claims = await this.tokens.verify(token);
    const user = this.directory.users.get(claims?.sub ?? '');
    if (claims === undefined || user?.status !== 'USER_STATUS_ACTIVE') return INVALID;
    if (typeof claims['sid'] === 'string' && !this.sessions.has(claims['sid'])) return INVALID;
    return {
      ...INVALID,
      valid: true,
      subject: user.id,
      tenantId: user.tenantId,
      roles: user.roles,
      permissions: this.tokens.permissionsOf(user.roles),
      identityType: 'user',
      expiresAt: String(claims.exp ?? 0),
    };
  }
}

function serviceOf(tenantId: string): Wire<ValidateCredentialResponse> {
  return {
    ...INVALID,
    valid: true,
    subject: `service-${tenantId}`,
    tenantId,
    permissions: ['user.read'],
    identityType: 'service',
  };
}
