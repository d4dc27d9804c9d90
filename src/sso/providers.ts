import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { AuthService } from './auth-service.js';
import type { IdentityProvider } from './identity-provider.js';

const TENANT_ID = /^[\w.-]{1,128}$/;

/** Configured identity providers. */
export class Providers {
  constructor(
    private readonly byName: ReadonlyMap<string, IdentityProvider>,
    private readonly auth: AuthService,
  ) {}

  all(): Iterable<IdentityProvider> {
    return this.byName.values();
  }

  /** Returns a provider by name. Throws ROUTE_NOT_FOUND, since the paths of an unknown provider do not exist. */
  named(name: string): IdentityProvider {
    const provider = this.byName.get(name);
    if (provider === undefined) throw new GatewayError('ROUTE_NOT_FOUND', 'No identity provider has this name.');
    return provider;
  }

  /** Returns the provider of a tenant, as AuthService knows it; without a tenant the only provider. */
  async choose(tenantId: string, call: CallContext): Promise<IdentityProvider> {
    if (tenantId === '') return this.only();
    const name = await this.auth.providerOf(call, tenantId);
    const provider = this.byName.get(name);
    if (provider !== undefined) return provider;
    throw new GatewayError('NOT_FOUND', 'Single sign-on is not configured for this tenant.', {
      cause: new Error(`AuthService names the provider "${name}"`),
    });
  }

  private only(): IdentityProvider {
    const [first, ...others] = this.byName.values();
    if (first !== undefined && others.length === 0) return first;
    const names = [...this.byName.keys()].map((name) => `/auth/${name}/login`).join(', ');
    throw new GatewayError('INVALID_ARGUMENT', `Name the tenant, or sign in at one of ${names}.`, {
      errors: [{ field: 'tenant', detail: 'is missing' }],
    });
  }
}

/** Returns the tenant ID. Throws INVALID_ARGUMENT for a malformed one. */
export function checkTenant(value: string | undefined): string {
  if (value === undefined || TENANT_ID.test(value)) return value ?? '';
  throw new GatewayError('INVALID_ARGUMENT', 'tenant must be a tenant ID.', {
    errors: [{ field: 'tenant', detail: 'must have 1 to 128 letters, digits, dots, dashes or underscores' }],
  });
}
