import { fromJsonString, getOption, hasOption, toBinary, type DescMethod } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import type {
  Access,
  CachePolicy,
  FallbackPolicy,
  Policy,
  PrivilegedFields,
  RatePolicy,
  RetryPolicy,
  StreamPolicy,
} from '../domain/policy.js';
import { Access as ProtoAccess, CacheScope, policy as policyOption } from '../gen/gateway/v1/policy_pb.js';
import type { Policy as ProtoPolicy } from '../gen/gateway/v1/policy_pb.js';
import { readClientFeatures, readResume } from './client-features.js';
import { problemOf, type ContractProblem } from './contract-problem.js';
import { coveredBy, fieldRules, withRuledFields } from './field-rules.js';
import { findFieldMistakes } from './policy-fields.js';
import { ACCESS_NAMES, readGuardrail } from './policy-names.js';

const DEFAULT_BACKOFF_MS = 50;
const DEFAULT_RATE_WINDOW_MS = 1000;
/** Maximum delay of a timer of Node, in ms; a longer one would fire after 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const SUCCESS_STATUSES = [200, 201, 202, 204];

/** `resource.action`, or `resource:action:scope`. Wildcards are for grants only; a requirement names one permission. */
const PERMISSION = /^(?:[A-Za-z][\w-]*\.[A-Za-z][\w-]*|[A-Za-z][\w-]*:[A-Za-z][\w-]*:(?:own|tenant|all))$/;

/** Lower-case words separated by dots. */
const METER = /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/;

/**
 * Reads the policy of an RPC, with defaults; undefined when it has none and is therefore not exposed. Mistakes are
 * added to `problems`; the returned policy must then not be served.
 */
export function readPolicy(method: DescMethod, problems: ContractProblem[]): Policy | undefined {
  if (!hasOption(method, policyOption)) return undefined;
  const reader = new PolicyReader(method, getOption(method, policyOption));
  const policy = reader.read();
  for (const mistake of [...reader.mistakes, ...findFieldMistakes(method, policy)]) {
    problems.push(problemOf(method, `policy: ${mistake}`));
  }
  return policy;
}

class PolicyReader {
  readonly mistakes: string[] = [];

  constructor(
    private readonly method: DescMethod,
    private readonly proto: ProtoPolicy,
  ) {}

  read(): Policy {
    const { proto } = this;
    return {
      access: this.readAccess(),
      permissions: this.readPermissions(),
      roles: this.readRoles(),
      tenantField: proto.tenantField === '' ? undefined : proto.tenantField,
      protectedFields: this.readProtected(),
      privileged: this.readPrivileged(),
      redact: withRuledFields(proto.redact, this.method.output, (field) => fieldRules(field).redact),
      reveal: proto.reveal.length === 0 ? undefined : proto.reveal,
      responseTenantFields: proto.responseTenantFields,
      timeoutMs: this.readDuration('timeout', proto.timeout),
      retry: this.readRetry(),
      cache: this.readCache(),
      maxConcurrent: proto.maxConcurrent,
      rates: this.readRates(),
      cost: proto.cost === 0 ? 1 : proto.cost,
      fallback: this.readFallback(),
      stream: this.readStream(),
      maxBodyBytes: proto.maxBodyBytes === 0 ? undefined : proto.maxBodyBytes,
      successStatus: this.readSuccessStatus(),
      meter: this.readMeter(),
      guardrail: readGuardrail(proto.guardrail, this.mistakes),
      ...readClientFeatures(this.method, proto, this.mistakes),
    };
  }

  private get isStream(): boolean {
    return this.method.methodKind !== 'unary';
  }

  private get isRead(): boolean {
    return this.method.idempotency === Idempotency.NO_SIDE_EFFECTS;
  }

  private require(holds: boolean, mistake: string): void {
    if (!holds) this.mistakes.push(mistake);
  }

  private readAccess(): Access {
    const { access, permissions, roles } = this.proto;
    const name = ACCESS_NAMES.get(access);
    const isGuarded = permissions.length + roles.length > 0;
    this.require(name !== undefined, 'access is not set: say ACCESS_OPEN, ACCESS_AUTHENTICATED or ACCESS_CONTROLLED');
    if (access === ProtoAccess.CONTROLLED) {
      this.require(isGuarded, 'ACCESS_CONTROLLED needs permissions or roles: nobody could call it');
    } else if (name !== undefined) {
      this.require(!isGuarded, 'permissions and roles are only checked with ACCESS_CONTROLLED: set it or remove them');
    }
    return name ?? 'ACCESS_CONTROLLED';
  }

  private readPermissions(): readonly string[] {
    for (const permission of this.proto.permissions) this.checkPermission(permission);
    return this.proto.permissions;
  }

  private checkPermission(permission: string): void {
    const grammar = 'write resource.action, or resource:action:scope with the scope own, tenant or all';
    this.require(PERMISSION.test(permission), `"${permission}" is no permission that can be required: ${grammar}`);
  }

  private readPrivileged(): PrivilegedFields | undefined {
    const { privilegedFields, privilegedPermission: permission, access } = this.proto;
    const isProtected = coveredBy(this.readProtected());
    const fields = withRuledFields(
      privilegedFields,
      this.method.input,
      (field) => fieldRules(field).privileged,
      isProtected,
    );
    if (fields.length === 0 && permission === '') return undefined;
    const isMissing = permission === '' && privilegedFields.length === 0;
    this.require(!isMissing, `a client could set the privileged field "${fields[0]}": set privileged_permission`);
    this.require(fields.length > 0, 'privileged_permission is set: name its privileged_fields, or remove it');
    this.require(
      access !== ProtoAccess.OPEN,
      'privileged_fields need a caller: nobody on an open RPC holds a permission',
    );
    if (!isMissing) this.checkPermission(permission);
    return { fields, permission };
  }

  /** Returns the protected fields of the policy, and those that their own option protects. */
  private readProtected(): readonly string[] {
    const { protectedFields } = this.proto;
    const isListed = coveredBy(protectedFields);
    return withRuledFields(protectedFields, this.method.input, (field) => fieldRules(field).protected, isListed);
  }

  private readRoles(): readonly string[] {
    for (const role of this.proto.roles) {
      this.require(/^[\w:.-]+$/.test(role), `"${role}" is no role: use letters, digits and _ : . -`);
    }
    return this.proto.roles;
  }

  /** Reads a duration in ms, rounded up so that a positive one does not become 0; undefined when unset. */
  private readDuration(name: string, duration: Duration | undefined, longestMs = LONGEST_TIMER_MS): number | undefined {
    if (duration === undefined) return undefined;
    const ms = Number(duration.seconds) * 1000 + Math.ceil(duration.nanos / 1_000_000);
    this.require(ms <= longestMs, `${name} is ${ms}ms: it must be at most ${longestMs}ms`);
    this.require(ms > 0, `${name} is ${ms}ms: it must be more than zero; leave it out for the default`);
    return ms;
  }

  private readRetry(): RetryPolicy | undefined {
    const { retry } = this.proto;
    if (retry === undefined) return undefined;
    const backoffMs = this.readDuration('retry.backoff', retry.backoff) ?? DEFAULT_BACKOFF_MS;
    const hedgeAfterMs = this.readDuration('retry.hedge_after', retry.hedgeAfter);
    this.require(hedgeAfterMs === undefined || retry.maxAttempts > 1, 'retry.hedge_after needs max_attempts above 1');
    if (retry.maxAttempts <= 1) return undefined;
    const isIdempotent = this.method.idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN;
    this.require(isIdempotent, 'retry needs idempotency_level = IDEMPOTENT or NO_SIDE_EFFECTS');
    this.require(!this.isStream, 'retry is for unary RPCs: a stream cannot be begun again');
    return { maxAttempts: retry.maxAttempts, backoffMs, hedgeAfterMs };
  }

  private readCache(): CachePolicy | undefined {
    const { cache } = this.proto;
    if (cache === undefined) return undefined;
    this.require(this.isRead, 'cache is for reads: set idempotency_level = NO_SIDE_EFFECTS or remove it');
    this.require(!this.isStream, 'cache is for unary RPCs');
    const ttlMs = this.readDuration('cache.ttl', cache.ttl, Infinity);
    const staleIfErrorMs = this.readDuration('cache.stale_if_error', cache.staleIfError, Infinity) ?? 0;
    this.require(ttlMs !== undefined || staleIfErrorMs === 0, 'cache.stale_if_error needs cache.ttl');
    if (ttlMs === undefined) return undefined;
    const scope = cache.scope === CacheScope.TENANT ? 'tenant' : 'user';
    return { ttlMs, scope, staleIfErrorMs, maxBytes: cache.maxBytes };
  }

  private readRates(): readonly RatePolicy[] {
    return this.proto.rate.map((rate) => {
      this.require(rate.maxRate > 0, 'rate.max_rate is 0: nobody could call it');
      const everyMs = this.readDuration('rate.every', rate.every, Infinity) ?? DEFAULT_RATE_WINDOW_MS;
      const capacity = rate.capacity === 0 ? rate.maxRate : rate.capacity;
      return { maxRate: rate.maxRate, capacity, everyMs, key: rate.key || undefined };
    });
  }

  private readFallback(): FallbackPolicy | undefined {
    if (this.proto.fallback === undefined) return undefined;
    this.require(this.isRead, 'fallback is for reads: set idempotency_level = NO_SIDE_EFFECTS or remove it');
    this.require(!this.isStream, 'fallback is for unary RPCs');
    const { answer } = this.proto.fallback;
    if (answer.case === 'staticJson') return this.readStaticFallback(answer.value);
    if (answer.case === 'upstream') {
      this.require(/^[a-z][a-z0-9_]*$/.test(answer.value), `fallback.upstream "${answer.value}" is no upstream's name`);
      return { kind: 'upstream', upstream: answer.value };
    }
    this.require(answer.value === true, 'fallback names no answer: set cached: true, static_json or upstream');
    this.require(this.proto.cache?.ttl !== undefined, 'fallback.cached needs a cache with a ttl');
    return { kind: 'cached' };
  }

  private readStaticFallback(json: string): FallbackPolicy {
    const { output } = this.method;
    try {
      return { kind: 'static', json, bytes: toBinary(output, fromJsonString(output, json)) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.mistakes.push(`fallback.static_json is no ${output.typeName}: ${reason}`);
    }
    return { kind: 'static', json, bytes: new Uint8Array() };
  }

  private readStream(): StreamPolicy {
    const { stream } = this.proto;
    this.require(stream === undefined || this.isStream, 'stream is for server streams: remove it');
    return {
      idleTimeoutMs: this.readDuration('stream.idle_timeout', stream?.idleTimeout),
      maxDurationMs: this.readDuration('stream.max_duration', stream?.maxDuration),
      maxMessages: stream?.maxMessages ?? 0,
      resume: readResume(this.method, this.proto, this.mistakes),
    };
  }

  private readSuccessStatus(): number {
    const status = this.proto.successStatus === 0 ? 200 : this.proto.successStatus;
    const allowed = this.isStream ? [200] : SUCCESS_STATUSES;
    this.require(allowed.includes(status), `success_status ${status} is not one of ${allowed.join(', ')}`);
    return status;
  }

  private readMeter(): string | undefined {
    const { access, meter } = this.proto;
    if (meter === '') return undefined;
    this.require(METER.test(meter), `meter "${meter}" is no name: write it as ai.query`);
    this.require(access !== ProtoAccess.OPEN, 'meter needs a caller: an open RPC has nobody to count for');
    return meter;
  }
}
