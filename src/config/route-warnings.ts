import { nearest } from '../domain/did-you-mean.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { unguarded } from './method-invariants.js';
import { GUARDRAIL, upstreamVariables } from './schema/upstream-settings.js';
import { NONE } from './upstream-address.js';

/** Warns of RPCs that are served without the guardrail that they require. Without GATEWAY_GUARDRAIL_FAIL_OPEN the gateway does not start. */
export function guardrailWarnings(
  methods: readonly RpcMethod[],
  config: Pick<GatewayConfig, 'upstreams' | 'guardrail'>,
): readonly ConfigWarning[] {
  if (!config.guardrail.failOpen) return [];
  const paths = [...new Set(unguarded(methods, config).map(({ path }) => path))];
  if (paths.length === 0) return [];
  const reason = `is not set, but the policy of ${paths.join(', ')} requires a guardrail: messages pass unchecked`;
  return [{ name: upstreamVariables(GUARDRAIL).url, reason, hint: 'set it' }];
}

/** Warns of upstreams that no exposed RPC calls. Their names are often misspelled: BILING_SERVICE_URL. */
export function unusedUpstreams(
  methods: readonly RpcMethod[],
  { upstreams }: Pick<GatewayConfig, 'upstreams'>,
): readonly ConfigWarning[] {
  const used = new Set(methods.flatMap(upstreamsOf));
  return [...upstreams.keys()]
    .filter((name) => !used.has(name))
    .map((name) => ({
      name: upstreamVariables(name).url,
      reason: `names the upstream ${name}, which no mounted contract exposes`,
      hint: hintFor(name, used),
    }));
}

function upstreamsOf({ upstream, policy: { fallback, guardrail } }: RpcMethod): readonly string[] {
  const standby = fallback?.kind === 'upstream' ? [fallback.upstream] : [];
  return [upstream, ...standby, ...(guardrail === undefined ? [] : [GUARDRAIL])];
}

function hintFor(name: string, used: ReadonlySet<string>): string {
  const meant = nearest(name, used);
  if (meant !== undefined) return `did you mean ${upstreamVariables(meant).url}?`;
  return 'mount its descriptor set with GATEWAY_DESCRIPTORS, or remove it';
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

/** Warns of a base path that is also a prefix of routes: it is then ambiguous whether a proxy has stripped it. */
export function basePathWarnings(
  templates: readonly string[],
  { server: { basePath } }: Pick<GatewayConfig, 'server'>,
): readonly ConfigWarning[] {
  const route = basePath === '' ? undefined : templates.find((template) => template.startsWith(`${basePath}/`));
  if (route === undefined) return [];
  const reason = `has the path ${basePath}, which routes also begin with: ${route} is served as ${basePath}${route}`;
  const hint = 'leave the path out to serve routes as they are, or choose one that no route begins with';
  return [{ name: 'GATEWAY_PUBLIC_URL', reason, hint }];
}
