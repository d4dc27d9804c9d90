import type { RpcMethod } from '../domain/rpc-method.js';
import type { ConfigProblem, ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { ssoVariables } from './schema/sso-settings.js';
import { upstreamVariables } from './schema/upstream-settings.js';
import type { SsoSource } from './sso.js';
import { NONE } from './upstream-address.js';
import type { UpstreamSource } from './upstreams.js';

/** Finds settings that need a service whose address is `none`. */
export function absentServiceProblems(
  upstreams: readonly UpstreamSource[],
  providers: readonly SsoSource[],
): ConfigProblem[] {
  if (!upstreams.some(({ name, absent }) => absent && name === 'auth')) return [];
  const { url } = upstreamVariables('auth');
  return providers.map(({ name }) => ({
    name: ssoVariables(name).issuer,
    reason: `needs AuthService to exchange identities and renew sessions, but ${url} is ${NONE}`,
    hint: `set ${url} to its address, or remove the settings of the identity provider "${name}"`,
  }));
}

/** Warns of usage that is metered or journaled although TenantService is absent. */
export function absentServiceWarnings(
  methods: readonly RpcMethod[],
  { absentUpstreams, metering, upstreams }: Pick<GatewayConfig, 'absentUpstreams' | 'metering' | 'upstreams'>,
): ConfigWarning[] {
  if (!absentUpstreams.includes('tenant')) return [];
  const { url } = upstreamVariables('tenant');
  const served = methods.filter(({ upstream }) => upstreams.has(upstream));
  const metered = [...new Set(served.filter(({ policy }) => policy.meter !== undefined).map(({ path }) => path))];
  const unreported = `there is no TenantService to report usage to (${url}=${NONE})`;
  return [
    ...metered.map((path) => ({
      name: path,
      reason: `has a meter in its policy, but ${unreported}: nothing is counted`,
      hint: `remove the meter, or set ${url}`,
    })),
    ...(metering.shelfDirectory === undefined
      ? []
      : [
          {
            name: 'GATEWAY_BUDGET_DEBIT_SHELF_DIR',
            reason: `has no effect: ${unreported}`,
            hint: 'remove it; usage events that are still in it stay there',
          },
        ]),
  ];
}
