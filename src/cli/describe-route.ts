import { getOption } from '@bufbuild/protobuf';
import { formatDuration, formatSize } from '../config/unit-parsers.js';
import { GUARDRAIL, upstreamVariables } from '../config/schema/upstream-settings.js';
import { ruleLocations } from '../contract/api-config/apply-rules.js';
import { deprecationHeaders } from '../contract/deprecation.js';
import type { Route } from '../contract/route.js';
import { whyUncompressed } from '../contract/secret-names.js';
import type { Access, FallbackPolicy, Policy, RatePolicy } from '../domain/policy.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { method_signature } from '../gen/google/api/client_pb.js';
import type { GatewayRoute } from '../static-routes.js';
import { pipelineFacts } from './pipeline-facts.js';
import { deadlineOf, formatLimit, type Limit, streamLimits } from './deadline.js';
import { upstreamNaming } from './upstream-naming.js';
import type { CliContext } from './cli-context.js';

type Fact = readonly [label: string, value: string];

/** Lists everything that is decided about a request on a route before it is sent, one fact per line. */
export function describeRoute(route: Route, values: readonly string[], context: CliContext): Fact[] {
  const { method } = route;
  return [
    ['route', `${route.verb} ${route.template}`],
    ...route.variables.map(({ fieldPath }, index): Fact => [
      'binding',
      `${fieldPath} = ${JSON.stringify(values[index])}`,
    ]),
    ['body', bodyOf(route)],
    ...listFact(
      'ignored',
      context.inspection.settings.GATEWAY_IGNORED_QUERY ?? [],
      'query parameters, unless a field has the name',
    ),
    ['rpc', `${method.service}.${method.name} (${method.kind === 'unary' ? 'unary' : 'server stream'})`],
    ...listFact('signature', getOption(route.desc, method_signature), 'usual request fields'),
    ['upstream', targetOf(method, context)],
    ...ruleFact(route),
    ['named by', upstreamNaming(route.desc.parent, context.descriptors)],
    ...accessFacts(method.policy),
    ...fieldFacts(method.policy),
    ...limitFacts(route, context),
    ...resilienceFacts(method.policy),
    ['success', String(method.policy.successStatus)],
    ...deprecationFacts(route),
    ...httpFacts(route, context),
    ...meterFact(method.policy),
    ...guardrailFact(method, context),
    ...pipelineFacts(route, context.modules),
  ];
}

function httpFacts(route: Route, { inspection: { settings } }: CliContext): Fact[] {
  const { responseHeaders = [], encodedSlashes, etag } = route.method.policy;
  const codings = settings.GATEWAY_COMPRESSION ?? [];
  const reason = whyUncompressed(route);
  const compression = reason === undefined ? codings.join(', ') : `never: ${reason}`;
  return [
    ...(codings.length === 0 ? [] : [['compression', compression] as const]),
    ...listFact('headers', responseHeaders, 'of the backend, forwarded'),
    ...(etag?.responseField === undefined ? [] : [['etag', `ETag is ${etag.responseField} of the response`] as const]),
    ...(etag?.requestField === undefined ? [] : [['etag', `If-Match is ${etag.requestField} of the request`] as const]),
    ...(encodedSlashes ? [['slashes', '%2F is part of a value'] as const] : []),
  ];
}

/** Lists the locations of path and policy, if they are not in the proto. */
function ruleFact({ desc }: Route): Fact[] {
  const locations = ruleLocations(desc.proto);
  return locations.length === 0 ? [] : [['rules', `${locations.join(', ')} (in place of the proto's)`]];
}

function deprecationFacts({ desc, method: { policy } }: Route): Fact[] {
  const headers = deprecationHeaders(policy.deprecation);
  if (headers === undefined) return desc.deprecated ? [['deprecated', 'without a date: not in responses']] : [];
  return [
    [
      'deprecated',
      Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', '),
    ],
  ];
}

function bodyOf({ body }: Route): string {
  if (body === undefined) return 'not read; other fields come from the query';
  if (body === '*') return 'the whole request message';
  return `the field ${body.name}; other fields come from the query`;
}

function targetOf({ upstream }: RpcMethod, { inspection }: CliContext): string {
  const variable = upstreamVariables(upstream).url;
  const source = inspection.upstreams.find(({ name }) => name === upstream);
  if (source?.own.url !== undefined) return `${upstream} at ${source.own.url.target} (${variable})`;
  const isWrong = inspection.problems.some(({ name, reason }) => name === variable && reason !== 'is not set');
  return `${upstream} at ${variable} (${isWrong ? 'invalid, see gateway check' : 'not set'})`;
}

const WHO = {
  OPEN: 'OPEN: anyone, without a credential',
  AUTHENTICATED: 'AUTHENTICATED: anyone with a valid credential',
  ACCESS_CONTROLLED: 'ACCESS_CONTROLLED: a valid credential that grants it',
} as const satisfies Record<Access, string>;

/** Describes a route that the gateway answers itself. */
export function describeOwnRoute(route: GatewayRoute): Fact[] {
  return [
    ['route', `${route.verb} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`],
    ['answered', 'by the gateway itself'],
    ...(route.policy === undefined ? [] : accessFacts(route.policy)),
  ];
}

function accessFacts({ access, permissions, roles, tenantField }: Policy): Fact[] {
  return [
    ['access', WHO[access]],
    ...listFact('permissions', permissions, 'all of them'),
    ...listFact('roles', roles, permissions.length === 0 ? 'any of them' : 'any of them, in place of the permissions'),
    ['tenant', tenantField === undefined ? 'no field is bound' : `${tenantField} always holds the caller's tenant`],
  ];
}

function fieldFacts({ protectedFields, privileged, redact, responseTenantFields }: Policy): Fact[] {
  return [
    ...listFact('refused', protectedFields, 'a client may not set them'),
    ...listFact('privileged', privileged?.fields ?? [], `only with ${privileged?.permission ?? ''}`),
    ...listFact('redacted', redact, 'never leave the gateway'),
    ...listFact('checked', responseTenantFields, "must hold the caller's tenant in the response"),
  ];
}

function limitFacts({ method, body }: Route, context: CliContext): Fact[] {
  const { maxConcurrent, maxBodyBytes } = method.policy;
  const bodyLimit = maxBodyBytes ?? context.inspection.settings.GATEWAY_MAX_BODY_BYTES;
  const facts: Fact[] =
    method.kind === 'server_stream' ? streamFacts(method, context) : [unaryDeadline(method, context)];
  if (body !== undefined && bodyLimit !== undefined) facts.push(['body limit', formatSize(bodyLimit)]);
  if (maxConcurrent > 0) facts.push(['concurrency', `${maxConcurrent} concurrent calls`]);
  return facts;
}

function unaryDeadline(method: RpcMethod, context: CliContext): Fact {
  const request: Limit = { ms: context.inspection.settings.GATEWAY_REQUEST_TIMEOUT, source: 'GATEWAY_REQUEST_TIMEOUT' };
  return ['deadline', `${formatLimit(deadlineOf(method, context))}, the whole request ${formatLimit(request)}`];
}

function streamFacts(method: RpcMethod, context: CliContext): Fact[] {
  const { maxMessages } = method.policy.stream;
  const messages = maxMessages === 0 ? 'any number of messages' : `${maxMessages} messages at most`;
  const { idle, total } = streamLimits(method, context);
  return [
    ['deadline', `${formatLimit(total)}, pauses up to ${formatLimit(idle)}`],
    ['stream', messages],
    ...resumeFact(method),
  ];
}

function resumeFact({ policy: { stream } }: RpcMethod): Fact[] {
  if (stream.resume === undefined) return [];
  const { keepMs, maxMessages, maxBytes } = stream.resume;
  const kept = `${maxMessages} messages or ${formatSize(maxBytes)} for ${formatDuration(keepMs)}`;
  return [['resume', `Last-Event-ID, ${kept}`]];
}

function resilienceFacts({ retry, cache, rates, fallback }: Policy): Fact[] {
  const facts: Fact[] = [];
  if (retry) facts.push(['retry', `${retry.maxAttempts} attempts, first pause ${formatDuration(retry.backoffMs)}`]);
  if (cache) facts.push(['cache', `${formatDuration(cache.ttlMs)} for one ${cache.scope}`]);
  for (const rate of rates) facts.push(['rate', describeRate(rate)]);
  if (fallback) facts.push(['fallback', describeFallback(fallback)]);
  return facts;
}

function describeRate({ maxRate, everyMs, capacity, key }: RatePolicy): string {
  const owner = key === undefined ? '' : ` for each value of ${key}`;
  return `${maxRate} every ${formatDuration(everyMs)}, bursts of ${capacity}${owner}`;
}

function meterFact({ meter }: Policy): Fact[] {
  return meter === undefined ? [] : [['meter', `${meter}, 1 for each answered call`]];
}

function guardrailFact({ policy }: RpcMethod, { inspection: { settings, upstreams } }: CliContext): Fact[] {
  if (policy.guardrail === undefined) return [];
  const isSet = upstreams.some(({ name, own }) => name === GUARDRAIL && own.url !== undefined);
  const failure = settings.GATEWAY_GUARDRAIL_FAIL_OPEN
    ? 'unchecked when it cannot decide'
    : '503 when it cannot decide';
  return [['guardrail', `${policy.guardrail}: ${isSet ? failure : 'not checked, GUARDRAIL_SERVICE_URL is not set'}`]];
}

function describeFallback(fallback: FallbackPolicy): string {
  switch (fallback.kind) {
    case 'cached':
      return 'the last successful response';
    case 'static':
      return fallback.json;
    case 'upstream':
      return `the upstream ${fallback.upstream}`;
  }
}

function listFact(label: string, values: readonly string[], meaning: string): Fact[] {
  return values.length === 0 ? [] : [[label, `${values.join(', ')} (${meaning})`]];
}
