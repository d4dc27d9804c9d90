import type { RpcMethod } from '../domain/rpc-method.js';
import type { ConfigProblem } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { unguarded } from './guardrail.js';
import { formatDuration, formatSize } from './quantities.js';
import { BUILT_IN_UPSTREAMS, upstreamVariables } from './schema/upstream-settings.js';

/** What policies and settings contradict each other in: a policy is written without knowing where it will run. */
export function methodProblems(methods: Iterable<RpcMethod>, config: GatewayConfig): ConfigProblem[] {
  const all = [...new Set(methods)];
  return [
    ...missingUpstreams(all, config),
    ...all.flatMap((method) => policyProblems(method, config)),
    ...guardrailProblems(all, config),
  ];
}

/** An optional built-in upstream may be left out with its routes; a descriptor set is mounted to be served. */
function missingUpstreams(
  methods: readonly RpcMethod[],
  { upstreams, absentUpstreams }: GatewayConfig,
): ConfigProblem[] {
  const missing = Map.groupBy(
    // Without a package there is no upstream to name; the contract is refused for it.
    methods.filter(
      ({ upstream }) =>
        upstream !== '' && ![...upstreams.keys(), ...absentUpstreams, ...BUILT_IN_UPSTREAMS].includes(upstream),
    ),
    ({ upstream }) => upstream,
  );
  return [...missing].map(([name, exposed]) => ({
    name: upstreamVariables(name).url,
    reason: `is not set, but GATEWAY_DESCRIPTORS exposes ${exposed.length} of its RPCs`,
    hint: `set it, for example ${upstreamVariables(name).url}=${name.replaceAll('_', '-')}-service:50051, or ${upstreamVariables(name).url}=none to leave its routes out`,
  }));
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

/** Closed by default: what must be checked is not served without a guardrail. */
function guardrailProblems(methods: readonly RpcMethod[], config: GatewayConfig): ConfigProblem[] {
  if (config.guardrail.failOpen) return [];
  return unguarded(methods, config).map(({ path }) => ({
    name: path,
    reason: 'requires a guardrail by its policy, but GUARDRAIL_SERVICE_URL is not set',
    hint: 'set it, or GATEWAY_GUARDRAIL_FAIL_OPEN=true to serve it unchecked',
  }));
}
