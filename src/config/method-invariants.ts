import type { RpcMethod } from '../domain/rpc-method.js';
import type { ConfigProblem } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { GUARDRAIL, OPTIONAL_SERVICE as OPTIONAL, upstreamVariables } from './schema/upstream-settings.js';
import { formatDuration, formatSize } from './unit-parsers.js';

/** Finds contradictions between the policies of RPCs and the settings of this deployment. */
export function methodProblems(methods: Iterable<RpcMethod>, config: GatewayConfig): ConfigProblem[] {
  const all = [...new Set(methods)];
  return [
    ...missingUpstreams(all, config),
    ...all.flatMap((method) => policyProblems(method, config)),
    ...guardrailProblems(all, config),
  ];
}

/** Finds upstreams without an address. Only the optional built-in service may be left out without `none`. */
function missingUpstreams(
  methods: readonly RpcMethod[],
  { upstreams, absentUpstreams }: GatewayConfig,
): ConfigProblem[] {
  const missing = methods.filter(({ upstream, service }) => {
    // Without a name there is no upstream; the contract is refused for it.
    return upstream !== '' && !upstreams.has(upstream) && !absentUpstreams.includes(upstream) && service !== OPTIONAL;
  });
  return [...Map.groupBy(missing, ({ upstream }) => upstream)].map(([name, exposed]) => {
    const { url } = upstreamVariables(name);
    const packages = [...new Set(exposed.map(packageOf))];
    const example = `${url}=${name.replaceAll('_', '-')}-service:50051`;
    return {
      name: url,
      reason: `is not set, but GATEWAY_DESCRIPTORS exposes ${exposed.length} of its RPCs (${packages.join(', ')})`,
      hint: `set it, for example ${example}, or ${url}=none to leave its routes out${renamingHint(packages, upstreams)}`,
    };
  });
}

/** Suggests GATEWAY_UPSTREAMS where another segment of the package is the name of an upstream with an address. */
function renamingHint(packages: readonly string[], upstreams: GatewayConfig['upstreams']): string {
  const renamed = packages.flatMap((each) => {
    const meant = each.split('.').find((segment) => upstreams.has(segment.toLowerCase()));
    return meant === undefined ? [] : [`${each}=${meant.toLowerCase()}`];
  });
  const [first] = renamed;
  if (first === undefined) return '';
  return `; for ${upstreamVariables(first.split('=')[1] ?? '').url}, set GATEWAY_UPSTREAMS=${renamed.join(',')}`;
}

function packageOf({ service }: RpcMethod): string {
  return service.slice(0, Math.max(0, service.lastIndexOf('.')));
}

function policyProblems(method: RpcMethod, config: GatewayConfig): ConfigProblem[] {
  const { timeoutMs, maxBodyBytes } = method.policy;
  const problems: ConfigProblem[] = [];
  if (method.kind === 'unary' && timeoutMs !== undefined && timeoutMs >= config.timeouts.requestMs) {
    const request = formatDuration(config.timeouts.requestMs);
    problems.push({
      name: method.path,
      reason: `has a timeout of ${formatDuration(timeoutMs)} in its policy, but must be below GATEWAY_REQUEST_TIMEOUT=${request}`,
      hint: 'lower it in the policy or raise GATEWAY_REQUEST_TIMEOUT',
    });
  }
  if (maxBodyBytes !== undefined && maxBodyBytes > config.grpc.maxSendBytes) {
    const message = formatSize(config.grpc.maxSendBytes);
    problems.push({
      name: method.path,
      reason: `takes bodies of ${formatSize(maxBodyBytes)} by its policy, but a message may have GATEWAY_GRPC_MAX_SEND_BYTES=${message}`,
      hint: 'lower max_body_bytes in the policy or raise GATEWAY_GRPC_MAX_SEND_BYTES',
    });
  }
  return problems;
}

/** Finds RPCs that require a guardrail while there is none: they are not served unchecked. */
function guardrailProblems(methods: readonly RpcMethod[], config: GatewayConfig): ConfigProblem[] {
  if (config.guardrail.failOpen) return [];
  return unguarded(methods, config).map(({ path }) => ({
    name: path,
    reason: 'requires a guardrail by its policy, but GUARDRAIL_SERVICE_URL is not set',
    hint: 'set it, or GATEWAY_GUARDRAIL_FAIL_OPEN=true to serve it unchecked',
  }));
}

/** Returns the served RPCs whose policy requires a guardrail, if the guardrail is absent. */
export function unguarded(
  methods: readonly RpcMethod[],
  { upstreams }: Pick<GatewayConfig, 'upstreams'>,
): readonly RpcMethod[] {
  if (upstreams.has(GUARDRAIL)) return [];
  return methods.filter(({ upstream, policy }) => policy.guardrail === 'required' && upstreams.has(upstream));
}
