import type { ConfigProblem } from './config-error.js';
import type { Settings } from './schema.js';
import { upstreamVariables } from './schema/upstream-settings.js';
import { type Known, transportOf, type UpstreamSource } from './upstreams.js';

/** Finds grpc-js settings without an upstream that uses grpc-js, and xDS addresses of upstreams that use http2. */
export function transportProblems(settings: Known<Settings>, upstreams: readonly UpstreamSource[]): ConfigProblem[] {
  const named = upstreams.filter(({ own }) => own.url !== undefined);
  const overHttp2 = named.filter((source) => transportOf(source) === 'http2');
  return [...overHttp2.flatMap(addressProblem), ...(overHttp2.length === named.length ? unusedSettings(settings) : [])];
}

function addressProblem({ name, own }: UpstreamSource): ConfigProblem[] {
  if (own.url?.target.startsWith('xds:') !== true) return [];
  const { url, transport } = upstreamVariables(name);
  const reason = 'is an xDS address, which the http2 transport cannot resolve';
  return [{ name: url, reason, hint: `set ${transport}=grpc-js; docs/grpc-transports.md says what else it needs` }];
}

function unusedSettings({ GATEWAY_GRPC_HTTP_PROXY, GATEWAY_GRPC_SERVICE_CONFIG }: Known<Settings>): ConfigProblem[] {
  const unused = [
    ...(GATEWAY_GRPC_HTTP_PROXY === true ? ['GATEWAY_GRPC_HTTP_PROXY'] : []),
    ...(GATEWAY_GRPC_SERVICE_CONFIG === undefined ? [] : ['GATEWAY_GRPC_SERVICE_CONFIG']),
  ];
  const hint = 'remove it, or set GATEWAY_GRPC_TRANSPORT=grpc-js';
  return unused.map((name) => ({ name, reason: 'has no effect while all upstreams use http2', hint }));
}
