import type { DescMethod } from '@bufbuild/protobuf';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { upstreamVariables } from '../../config/schema/upstream-settings.js';
import type { UpstreamConfig } from '../../config/upstreams.js';
import { withDeadline } from '../../domain/loop-timeout.js';
import { Http2Transport } from '../../grpc/client/http2-transport.js';
import { parseTarget } from '../../grpc/client/target.js';
import type { PoolObserver } from '../../grpc/client/pool-settings.js';
import { NoReflection, ReflectionClient } from '../../grpc/reflection.js';
import { readTlsMaterial } from '../../grpc/tls-material.js';
import { askHealth, type UpstreamVerdict } from '../../grpc/upstream-health.js';
import { readDrift } from '../../ops/contract-drift.js';
import type { CheckLine } from './check-line.js';
import { checkEndpoint, isUsable, type ProbeLimits } from './endpoint-checks.js';
import { HTTP2 } from './protocols.js';

/** Upstream and its mounted RPCs. */
export interface ProbedUpstream {
  readonly upstream: UpstreamConfig;
  readonly grpc: GatewayConfig['grpc'];
  readonly methods: readonly DescMethod[];
}

const UNOBSERVED: PoolObserver = { ejected() {}, replaced() {}, tooManyPings() {} };

/** Checks DNS, connection, TLS, HTTP/2, health, reflection and drift of one upstream. Never rejects. */
export async function checkUpstream(probed: ProbedUpstream, limits: ProbeLimits): Promise<CheckLine[]> {
  const { upstream } = probed;
  const subject = `upstream ${upstream.name}`;
  if (upstream.target.startsWith('xds:')) return [notTried(subject, upstream.target)];
  const lines = await checkEndpoint(endpointOf(upstream, subject), slowestFor(upstream, limits));
  if (!isUsable(lines)) return lines;
  return withTransport(probed, async (transport) => [
    ...lines,
    ...(await Promise.all([
      healthLine(subject, probed, transport, limits),
      reflectionLine(subject, probed, transport, limits),
    ])),
  ]);
}

/** Runs a function with the gateway's own transport to an upstream, and closes the transport afterwards. */
export async function withTransport<T>(
  { upstream, grpc }: Pick<ProbedUpstream, 'upstream' | 'grpc'>,
  work: (transport: Http2Transport) => Promise<T>,
): Promise<T> {
  const transport = new Http2Transport({ upstream, grpc, observer: UNOBSERVED }, grpc);
  try {
    return await work(transport);
  } finally {
    transport.close();
  }
}

function notTried(subject: string, target: string): CheckLine {
  const detail = `${target} is not checked: only its control plane knows its addresses`;
  return { subject, step: 'dns', status: 'info', detail };
}

function endpointOf(upstream: UpstreamConfig, subject: string) {
  const target = parseTarget(upstream.target);
  const material = readTlsMaterial(upstream);
  const tls = material && { material, serverName: upstream.tls.serverName ?? target.serverName };
  return { subject, setting: upstreamVariables(upstream.name).url, target, protocol: HTTP2, tls };
}

/** Maximum share of the deadline of a call that connecting may take. */
function slowestFor({ timeoutMs }: UpstreamConfig, limits: ProbeLimits): ProbeLimits {
  return { ...limits, slowMs: Math.min(limits.slowMs, timeoutMs / 2) };
}

async function healthLine(
  subject: string,
  { upstream }: ProbedUpstream,
  transport: Http2Transport,
  { timeoutMs }: ProbeLimits,
): Promise<CheckLine> {
  const { serving, text, ms } = await askHealth(upstream.name, transport, timeoutMs);
  const detail = `grpc.health.v1 reports ${text} in ${Math.round(ms)}ms`;
  if (text === 'unimplemented') {
    return {
      subject,
      step: 'health',
      status: 'info',
      detail: 'it does not implement grpc.health.v1: only its connection is monitored',
    };
  }
  if (serving) return { subject, step: 'health', status: 'ok', detail };
  return { subject, step: 'health', status: 'fail', detail, remedy: remedyOf(text) };
}

function remedyOf(text: UpstreamVerdict['text']): string {
  if (text === 'not_serving') return 'it reports that it cannot serve: read its log';
  if (text === 'timeout') return 'it is connected but does not respond in time: check its load and its dependencies';
  return 'the connection works, but the call fails: read the log of the service';
}

async function reflectionLine(
  subject: string,
  { upstream, methods }: ProbedUpstream,
  transport: Http2Transport,
  { timeoutMs }: ProbeLimits,
): Promise<CheckLine> {
  const step = 'contract';
  try {
    const { differences, additions } = await withDeadline(timeoutMs, async (signal) => {
      return readDrift(new ReflectionClient(upstream.name, transport, signal), methods);
    });
    const more = additions.length === 0 ? '' : ` (and ${additions.length} compatible additions)`;
    if (differences.length === 0) {
      return { subject, step, status: 'ok', detail: `${methods.length} RPCs are as mounted${more}` };
    }
    const remedy = 'mount the descriptor set of the version that runs, or deploy the one that is mounted';
    return { subject, step, status: 'warn', detail: `drift: ${differences.slice(0, 5).join(', ')}`, remedy };
  } catch (error) {
    const detail = error instanceof NoReflection ? error.message : `reflection failed: ${describe(error)}`;
    return { subject, step, status: 'info', detail: `not compared: ${detail}` };
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
