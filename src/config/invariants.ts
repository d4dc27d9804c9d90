import type { ConfigProblem } from './config-error.js';
import type { Settings } from './schema.js';
import { type SsoSource, ssoVariables } from './schema/sso-settings.js';
import { upstreamVariables } from './schema/upstream-settings.js';
import type { Known } from './setting.js';
import { formatDuration, formatSize } from './unit-parsers.js';
import { NONE } from './upstream-address.js';
import type { UpstreamSource } from './upstreams.js';

/** Reserve between the end of the drain and the SIGKILL of the platform. */
const EXIT_RESERVE_MS = 5000;

/** Setting by name; its value is undefined when it could not be parsed. */
interface Term {
  readonly name: string;
  readonly value: number | undefined;
}

type NumericSetting = { [K in keyof Settings]: Settings[K] extends number ? K : never }[keyof Settings];

/** Checks rules between settings. Each problem quotes the values; defaults count like explicit values. */
export function invariantProblems(settings: Known<Settings>, upstreams: readonly UpstreamSource[]): ConfigProblem[] {
  return [
    ...timeoutProblems(settings, upstreams),
    ...graceProblems(settings),
    ...sizeProblems(settings),
    ...portProblems(settings),
  ];
}

function timeoutProblems(settings: Known<Settings>, upstreams: readonly UpstreamSource[]): ConfigProblem[] {
  const term = (name: NumericSetting): Term => ({ name, value: settings[name] });
  const request = term('GATEWAY_REQUEST_TIMEOUT');
  const circuitOpen = { name: 'GATEWAY_CIRCUIT_OPEN', value: settings.GATEWAY_CIRCUIT_OPEN };
  const deadlines = upstreams.filter(({ own }) => own.url !== undefined).map(deadlineOf);
  return [
    ...deadlines.flatMap((deadline) => mustBeBelow(deadline, request)),
    ...mustBeBelow(request, term('GATEWAY_SHUTDOWN_TIMEOUT')),
    ...mustNotExceed(term('GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL'), term('GATEWAY_BUDGET_DEBIT_MAX_BACKOFF')),
    ...mustNotExceed(term('GATEWAY_HEADERS_TIMEOUT'), term('GATEWAY_RECEIVE_TIMEOUT')),
    ...mustNotExceed(term('GATEWAY_RECEIVE_TIMEOUT'), request),
    ...mustBeBelow(term('GATEWAY_STREAM_HEARTBEAT'), term('GATEWAY_STREAM_IDLE_TIMEOUT')),
    ...mustNotExceed(term('GATEWAY_STREAM_IDLE_TIMEOUT'), term('GATEWAY_STREAM_MAX_DURATION')),
    ...mustNotExceed(term('GATEWAY_SESSION_IDLE_TIMEOUT'), term('GATEWAY_SESSION_MAX_AGE')),
    ...mustBeBelow(term('GATEWAY_GRPC_KEEPALIVE_TIMEOUT'), term('GATEWAY_GRPC_KEEPALIVE_TIME')),
    ...mustNotExceed(term('GATEWAY_GRPC_INITIAL_BACKOFF'), term('GATEWAY_GRPC_MAX_BACKOFF')),
    ...mustNotExceed(term('GATEWAY_QUEUE_TIMEOUT'), request),
    ...mustBeBelow(term('GATEWAY_GUARDRAIL_CHUNK_TIMEOUT'), term('GATEWAY_STREAM_IDLE_TIMEOUT')),
    ...mustNotExceed(circuitOpen, term('GATEWAY_CIRCUIT_MAX_OPEN')),
  ];
}

function deadlineOf({ name, own, shared }: UpstreamSource): Term {
  if (own.timeout !== undefined) return { name: upstreamVariables(name).timeout, value: own.timeout };
  return { name: 'GATEWAY_UPSTREAM_TIMEOUT', value: shared.GATEWAY_UPSTREAM_TIMEOUT };
}

function mustBeBelow(left: Term, right: Term): ConfigProblem[] {
  if (left.value === undefined || right.value === undefined || left.value < right.value) return [];
  return [violation(left, `must be below ${right.name}=${formatDuration(right.value)}`, right)];
}

function mustNotExceed(left: Term, right: Term): ConfigProblem[] {
  if (left.value === undefined || right.value === undefined || left.value <= right.value) return [];
  return [violation(left, `must not exceed ${right.name}=${formatDuration(right.value)}`, right)];
}

function violation(left: Term, rule: string, right: Term): ConfigProblem {
  const reason = `is ${formatDuration(left.value ?? 0)}, but ${rule}`;
  return { name: left.name, reason, hint: `lower ${left.name} or raise ${right.name}` };
}

function graceProblems(settings: Known<Settings>): ConfigProblem[] {
  const wait = settings.GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT;
  const drain = settings.GATEWAY_SHUTDOWN_TIMEOUT;
  const grace = settings.GATEWAY_TERMINATION_GRACE;
  if (wait === undefined || drain === undefined || grace === undefined) return [];
  const needed = wait + drain + EXIT_RESERVE_MS;
  if (needed <= grace) return [];
  const sum = [wait, drain, EXIT_RESERVE_MS].map(formatDuration).join(' + ');
  return [
    {
      name: 'GATEWAY_TERMINATION_GRACE',
      reason: `is ${formatDuration(grace)}, but GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT + GATEWAY_SHUTDOWN_TIMEOUT + 5s = ${sum} = ${formatDuration(needed)}`,
      hint: `raise it to ${formatDuration(needed)}, in the pod too, or lower one of the two`,
    },
  ];
}

function sizeProblems(settings: Known<Settings>): ConfigProblem[] {
  const body = settings.GATEWAY_MAX_BODY_BYTES;
  const message = settings.GATEWAY_GRPC_MAX_SEND_BYTES;
  if (body === undefined || message === undefined || body <= message) return [];
  return [
    {
      name: 'GATEWAY_MAX_BODY_BYTES',
      reason: `is ${formatSize(body)}, but a message may have GATEWAY_GRPC_MAX_SEND_BYTES=${formatSize(message)}`,
      hint: 'lower GATEWAY_MAX_BODY_BYTES or raise GATEWAY_GRPC_MAX_SEND_BYTES',
    },
  ];
}

function portProblems({ API_GATEWAY_PORT: port, OPS_PORT: ops, GATEWAY_ADMIN_ADDR }: Known<Settings>): ConfigProblem[] {
  const admin = GATEWAY_ADMIN_ADDR?.port;
  return [
    ...samePort(['OPS_PORT', ops], ['API_GATEWAY_PORT', port]),
    ...samePort(['GATEWAY_ADMIN_ADDR', admin], ['API_GATEWAY_PORT', port]),
    ...samePort(['GATEWAY_ADMIN_ADDR', admin], ['OPS_PORT', ops]),
  ];
}

type Port = readonly [name: string, port: number | undefined];

function samePort([name, port]: Port, [otherName, other]: Port): ConfigProblem[] {
  if (port === undefined || port === 0 || port !== other) return [];
  return [{ name, reason: `is ${port}, as ${otherName} is`, hint: 'give it another, or leave it out' }];
}

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
