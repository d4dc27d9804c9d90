import type { RpcMethod } from '../domain/rpc-method.js';
import type { ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { GUARDRAIL, upstreamVariables } from './schema/upstream-settings.js';

/** Returns the served RPCs whose policy requires a guardrail, if the guardrail is absent. */
export function unguarded(
  methods: readonly RpcMethod[],
  { upstreams }: Pick<GatewayConfig, 'upstreams'>,
): readonly RpcMethod[] {
  if (upstreams.has(GUARDRAIL)) return [];
  return methods.filter(({ upstream, policy }) => policy.guardrail === 'required' && upstreams.has(upstream));
}

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
