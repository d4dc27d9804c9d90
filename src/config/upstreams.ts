import type { ConfigProblem } from './config-error.js';
import type { Settings } from './schema.js';
import { type UpstreamValues, upstreamVariables } from './schema/upstream-settings.js';
import type { Known } from './setting.js';
import { NONE, type UpstreamAddress } from './upstream-address.js';

/** TLS of connections to an upstream. Files are PEM. */
export interface UpstreamTls {
  readonly mode: 'insecure' | 'tls' | 'mtls';
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly serverName: string | undefined;
}

export interface UpstreamConfig {
  /** Name from the proto or GATEWAY_UPSTREAMS, otherwise the last segment of the package before its version: `billing`. */
  readonly name: string;
  /** gRPC target: `dns:///host:port`, `ipv4:…`, `unix:…`. */
  readonly target: string;
  readonly tls: UpstreamTls;
  /** Transport of its calls: the gateway's own HTTP/2 client, or `ClientGrpc` (ADR 0029). */
  readonly transport: 'http2' | 'grpc-js';
  /** Deadline of a call whose policy does not set one. */
  readonly timeoutMs: number;
  /** Maximum number of concurrent calls. */
  readonly maxConcurrent: number;
}

/** Settings of one upstream, and the shared settings. */
export interface UpstreamSource {
  readonly name: string;
  readonly own: Known<OwnSettings>;
  /** The address is `none`: the upstream is intentionally absent. */
  readonly absent: boolean;
  readonly shared: Known<Settings>;
}

type OwnSettings = Omit<UpstreamValues, 'url'> & { readonly url: UpstreamAddress | undefined };

/** Separates an address from `none`. */
export function upstreamSource(name: string, values: Known<UpstreamValues>, shared: Known<Settings>): UpstreamSource {
  const { url } = values;
  return url === NONE
    ? { name, own: { ...values, url: undefined }, absent: true, shared }
    : { name, own: { ...values, url }, absent: false, shared };
}

const NO_FILES = { caFile: undefined, certFile: undefined, keyFile: undefined, serverName: undefined };

/** Maps the settings of an upstream; undefined when it has no address. Call it only when there are no problems. */
export function buildUpstream(source: UpstreamSource): UpstreamConfig | undefined {
  const { name, own, shared } = source;
  const timeoutMs = own.timeout ?? shared.GATEWAY_UPSTREAM_TIMEOUT;
  const maxConcurrent = own.maxConcurrent ?? shared.GATEWAY_UPSTREAM_MAX_CONCURRENT;
  if (own.url === undefined || timeoutMs === undefined || maxConcurrent === undefined) return undefined;
  const transport = transportOf(source);
  return { name, target: own.url.target, tls: tlsOf(source), transport, timeoutMs, maxConcurrent };
}

/** Returns the transport of an upstream. */
export function transportOf({ own, shared }: UpstreamSource): UpstreamConfig['transport'] {
  return own.transport ?? shared.GATEWAY_GRPC_TRANSPORT ?? 'http2';
}

/** Returns the TLS mode: own settings take precedence over the scheme of the address, and that over shared settings. */
function modeOf({ own, shared }: UpstreamSource): UpstreamTls['mode'] {
  const byDefault = shared.GATEWAY_GRPC_TLS_MODE ?? 'insecure';
  if (own.tlsMode !== undefined) return own.tlsMode;
  if (own.url?.encrypted === true && byDefault === 'insecure') return 'tls';
  return byDefault;
}

function tlsOf(source: UpstreamSource): UpstreamTls {
  const mode = modeOf(source);
  if (mode === 'insecure') return { mode, ...NO_FILES };
  const { own, shared } = source;
  const identity = {
    certFile: own.certFile ?? shared.GATEWAY_GRPC_TLS_CERT_FILE,
    keyFile: own.keyFile ?? shared.GATEWAY_GRPC_TLS_KEY_FILE,
  };
  return {
    mode,
    ...NO_FILES,
    caFile: own.caFile ?? shared.GATEWAY_GRPC_TLS_CA_FILE,
    serverName: own.serverName ?? shared.GATEWAY_GRPC_TLS_SERVER_NAME,
    ...(mode === 'mtls' ? identity : {}),
  };
}

/** Finds contradictions between the settings of an upstream. */
export function upstreamProblems(source: UpstreamSource): ConfigProblem[] {
  if (source.own.url === undefined) return [];
  return [...schemeProblems(source), ...identityProblems(source), ...unusedTlsProblems(source)];
}

function schemeProblems({ name, own, shared }: UpstreamSource): ConfigProblem[] {
  const variables = upstreamVariables(name);
  const decisive = own.tlsMode ?? shared.GATEWAY_GRPC_TLS_MODE;
  const decider = own.tlsMode === undefined ? 'GATEWAY_GRPC_TLS_MODE' : variables.tlsMode;
  if (own.url?.encrypted === false && decisive !== undefined && decisive !== 'insecure') {
    const hint = `write host:port without a scheme, or set ${variables.tlsMode}=insecure`;
    return [{ name: variables.url, reason: `is written as plaintext, but ${decider} is ${decisive}`, hint }];
  }
  if (own.url?.encrypted === true && own.tlsMode === 'insecure') {
    const hint = `write host:port without a scheme, or remove ${variables.tlsMode}`;
    return [{ name: variables.url, reason: `is written as encrypted, but ${variables.tlsMode} is insecure`, hint }];
  }
  return [];
}

function identityProblems(source: UpstreamSource): ConfigProblem[] {
  const { certFile, keyFile, mode } = tlsOf(source);
  if (mode !== 'mtls' || (certFile !== undefined && keyFile !== undefined)) return [];
  const variables = upstreamVariables(source.name);
  const [missing, shared] =
    certFile === undefined
      ? [variables.certFile, 'GATEWAY_GRPC_TLS_CERT_FILE']
      : [variables.keyFile, 'GATEWAY_GRPC_TLS_KEY_FILE'];
  return [{ name: missing, reason: `is not set, and ${source.name} uses mtls`, hint: `set it, or ${shared} for all` }];
}

function unusedTlsProblems(source: UpstreamSource): ConfigProblem[] {
  const variables = upstreamVariables(source.name);
  const mode = modeOf(source);
  const unused = {
    insecure: ['caFile', 'certFile', 'keyFile', 'serverName'],
    tls: ['certFile', 'keyFile'],
    mtls: [],
  } as const satisfies Record<UpstreamTls['mode'], readonly (keyof UpstreamValues)[]>;
  return unused[mode]
    .filter((key) => source.own[key] !== undefined)
    .map((key) => ({
      name: variables[key],
      reason: `has no effect while ${source.name} uses ${mode}`,
      hint: `remove it, or set ${variables.tlsMode}`,
    }));
}

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
