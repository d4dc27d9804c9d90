import type { RpcMethod } from '../domain/rpc-method.js';
import type { ConfigWarning } from './config-error.js';
import { nearest } from '../domain/did-you-mean.js';
import type { GatewayConfig } from './gateway-config.js';
import { GUARDRAIL, upstreamVariables } from './schema/upstream-settings.js';

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
