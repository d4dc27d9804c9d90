import type { ConfigWarning } from './config-error.js';
import { editDistance, nearest } from '../domain/did-you-mean.js';
import { type Environment, isKnownVariable, isSet, settingNames } from './variables.js';

/** Prefixes of names that are likely meant as gateway settings. */
const FAMILY = /^(?:ENABLE|METRICS|RATE_LIMIT|REDIS|OPS|JAEGER|JWT|OTEL)_/;
/** Address with another suffix than `_SERVICE_URL`. */
const SERVICE_ADDRESS = /^([A-Z][A-Z0-9_]*_SERVICE)_(?:URI|ADDR|ADDRESS|ENDPOINT|GRPC_URL)$/;
/** Variables that Kubernetes sets in each pod for each Service, such as REDIS_PORT=tcp://10.0.0.1:6379. */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_|$)/;
const SERVICE_LINK_VALUE = /^(?:tcp|udp|sctp):\/\//;
/** Names in other gateways and tools, with the setting of this gateway. */
const SYNONYMS: Readonly<Record<string, string>> = {
  METRICS_PORT: 'OPS_PORT',
  METRICS_ENABLED: 'ENABLE_METRICS',
  REDIS_HOST: 'REDIS_URL',
  REDIS_PORT: 'REDIS_URL',
  OTEL_SDK_DISABLED: 'ENABLE_TRACING',
  OTEL_TRACES_EXPORTER: 'ENABLE_TRACING',
  OTEL_TRACES_SAMPLER: 'OTEL_SAMPLE_RATIO',
  OTEL_TRACES_SAMPLER_ARG: 'OTEL_SAMPLE_RATIO',
  JAEGER_ENDPOINT: 'JAEGER_URL',
  JAEGER_SAMPLER_PARAM: 'OTEL_SAMPLE_RATIO',
};

/** Variables that the OpenTelemetry operator sets in every pod, with values that match the behavior of the gateway. */
const IMPLIED = new Set([
  'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
  'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf',
  'OTEL_TRACES_EXPORTER=otlp',
  'OTEL_METRICS_EXPORTER=none',
  'OTEL_LOGS_EXPORTER=none',
  'OTEL_PROPAGATORS=tracecontext',
  'OTEL_SDK_DISABLED=false',
]);

/** Warns of variables outside `GATEWAY_*` that look like settings and have no effect, naming the nearest known one. */
export function lookalikeWarnings(env: Environment): readonly ConfigWarning[] {
  return Object.keys(env)
    .filter((name) => isSet(env, name) && isLookalike(name, env))
    .toSorted()
    .map((name) => ({ name, reason: 'is not a gateway setting and has no effect', hint: hintFor(name) }));
}

function isLookalike(name: string, env: Environment): boolean {
  if (name.startsWith('GATEWAY_') || isKnownVariable(name, env) || isServiceLink(name, env[name] ?? '')) return false;
  if (IMPLIED.has(`${name}=${env[name]}`)) return false;
  return FAMILY.test(name) || SERVICE_ADDRESS.test(name) || bareNames().some((known) => isMisspelling(name, known));
}

function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || SERVICE_LINK_VALUE.test(value);
}

/** Allows one wrong letter in eight, so that PORT and APP_PORT of other programs do not match. */
function isMisspelling(name: string, known: string): boolean {
  return editDistance(name, known) <= Math.floor(known.length / 8);
}

function hintFor(name: string): string {
  if (/^OTEL_.*_PROTOCOL$/.test(name)) return 'remove it: spans are exported as http/protobuf';
  const service = SERVICE_ADDRESS.exec(name)?.[1];
  const meant = service === undefined ? nearestSetting(name) : `${service}_URL`;
  return meant === undefined ? 'remove it; docs/configuration.md lists all settings' : `did you mean ${meant}?`;
}

function nearestSetting(name: string): string | undefined {
  return SYNONYMS[name] ?? nearest(name, bareNames()) ?? mostWordsOf(name);
}

/** Returns the setting that shares most words with `name`, such as RATE_LIMIT_RPS for ENABLE_RATE_LIMIT. */
function mostWordsOf(name: string): string | undefined {
  const words = new Set(name.split('_'));
  const shared = (known: string) => known.split('_').filter((word) => words.has(word)).length;
  const [best] = bareNames().toSorted((a, b) => shared(b) - shared(a));
  return best !== undefined && shared(best) > 1 ? best : undefined;
}

function bareNames(): readonly string[] {
  return settingNames().filter((known) => !known.startsWith('GATEWAY_'));
}
