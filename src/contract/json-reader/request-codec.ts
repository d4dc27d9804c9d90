import { create } from '@bufbuild/protobuf';
import type { DescField, Message, Registry } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { RequestCodec, RequestInput } from '../codec.js';
import { takesRawBody } from '../http-body.js';
import type { Route } from '../route.js';
import { holdsRules } from '../validation/message-rules.js';
import type { MessageRules, RequestRules } from '../validation/message-rules.js';
import type { Check } from './check-scalar.js';
import { encodeMessage } from './encode-message.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import { FieldGuard, guardedRule, isPrivileged } from './field-guard.js';
import { MaskBuilder } from './field-mask.js';
import { describe, Violations } from './violations.js';
import { FlatEncoder } from './flat-encoder.js';
import { getMember, setField } from './json-fields.js';
import type { IgnoredParameters } from './query-string.js';
import { JsonParser } from './json-parser.js';
import { findMaskRule } from './mask-rule.js';
import { MessageChecks } from './message-checks.js';
import { PathBinder } from './path-binder.js';
import { PrivilegedCodec, withholdPrivileged } from './privileged-codec.js';
import { findPageSize, limitPageSize, policyFields, refuseProtected, TenantRule } from './policy-rules.js';
import { QueryBinder } from './query.js';
import type { QueryMasks } from './query-masks.js';
import { RawBodyCodec } from './raw-body-codec.js';
import { refuseBody } from './malformed.js';
import { requestPlace } from './request-place.js';
import { RequiredFields } from './required-fields.js';
import { ReplacementCheck } from './replacement-check.js';
import { isWholeValue, WholeValueCodec } from './whole-value-codec.js';

/** Types that an Any may contain, and limits of the structure of a body. */
export interface RequestCodecOptions {
  readonly registry: Registry;
  readonly maxDepth: number;
  readonly maxKeys: number;
  /** Rules of messages (buf.validate); undefined where no message has any. */
  readonly rules?: MessageRules | undefined;
  /** Query parameters that are ignored; undefined for none. */
  readonly isIgnored?: IgnoredParameters | undefined;
}

/**
 * Compiles the codec of one route. Throws Error at boot for a policy that names fields which the request does not have.
 */
export function compileRequestCodec(route: Route, options: RequestCodecOptions): RequestCodec {
  if (options.rules === undefined && holdsRules(route.desc.input))
    throw new Error('the rules of messages are not loaded');
  const Codec = isWholeValue(route.desc.input) ? WholeValueCodec : JsonRequestCodec;
  const withheld = withholdPrivileged(route);
  const guarded = withheld === undefined ? undefined : new Codec(withheld, options, true);
  // If no permission grants the privilege, no caller has it.
  const whole = new Codec(route, options, guarded === undefined);
  const codec = guarded === undefined ? whole : new PrivilegedCodec(whole, guarded);
  return takesRawBody(route) ? new RawBodyCodec(codec, route.body === '*' ? undefined : route.body) : codec;
}

class JsonRequestCodec implements RequestCodec {
  private readonly parser: JsonParser;
  private readonly bodyCheck: Check | undefined;
  private readonly path: PathBinder;
  private readonly query: QueryBinder;
  private readonly flat: FlatEncoder | undefined;
  private readonly tenant: TenantRule | undefined;
  /** The only field of a request that is a wrapper, whose JSON is that of this field. */
  private readonly wrapped: DescField | undefined;
  /** Protected fields, from the message that the body contains. */
  private readonly protectedInBody: readonly (readonly DescField[])[];
  private readonly replacement: ReplacementCheck | undefined;
  private readonly pageSize: DescField | undefined;
  private readonly required: RequiredFields | undefined;
  private readonly rules: RequestRules | undefined;
  private readonly mask: MaskBuilder | undefined;

  constructor(
    private readonly route: Route,
    private readonly options: RequestCodecOptions,
    withheld: boolean,
  ) {
    const { body, desc, method } = route;
    const { tenantField, protectedFields, privileged } = method.policy;
    const guard = new FieldGuard(protectedFields, guardedRule(withheld));
    const checks = new MessageChecks(options.registry, guard.isRuled, hiddenFields(route));
    const maskRule = takesRawBody(route) ? undefined : findMaskRule(route);
    const bound = new Set([tenantField ?? [], route.variables.map(({ fieldPath }) => fieldPath)].flat());
    const isWithheld = withheld && privileged !== undefined;
    const withheldGuard = isWithheld ? new FieldGuard(privileged.fields, isPrivileged) : undefined;
    const limits = { checks, guard, withheld: withheldGuard, bound };
    const place = requestPlace(route, guard, maskRule);
    this.wrapped = isWrapperDesc(desc.input) ? desc.input.fields[0] : undefined;
    this.parser = new JsonParser(options);
    this.bodyCheck = body === '*' ? checks.ofMessage(desc.input) : body && checks.ofField(body);
    this.path = new PathBinder(route, checks, withheldGuard);
    this.query = new QueryBinder(route, checks, guard, options.isIgnored);
    this.rules = options.rules?.compile(desc.input, place);
    this.flat = this.path.isRefused || this.rules !== undefined ? undefined : FlatEncoder.compile(route);
    this.tenant =
      tenantField === undefined ? undefined : new TenantRule(tenantField, policyFields(desc.input, tenantField));
    this.protectedInBody = bodyPaths(route, guard);
    this.replacement = ReplacementCheck.compile(route, limits, maskRule !== undefined);
    this.pageSize = findPageSize(desc.input);
    this.required = RequiredFields.compile(desc.input, options.registry, place);
    this.mask = maskRule && new MaskBuilder(maskRule, limits);
  }

  encode(input: RequestInput): Uint8Array {
    const body = input.body?.length === 0 ? undefined : input.body;
    const flat = body === undefined ? this.flat?.encode(input) : undefined;
    return flat ?? this.encodeChecked(body, input);
  }

  private encodeChecked(body: Uint8Array | undefined, input: RequestInput): Uint8Array {
    const violations = new Violations();
    const root = body === undefined ? {} : this.readBody(body, violations);
    const masks = this.query.bind(input.query, root, violations);
    this.tenant?.check(root, input);
    // Before the path is bound, because a mask names only the fields of the body.
    const mask = this.mask?.build(root, violations);
    this.path.bind(input.path, root, violations);
    this.tenant?.check(root, input);
    if (this.pageSize !== undefined) limitPageSize(root, this.pageSize, violations);
    this.tenant?.fill(root, input, violations);
    masks.takeOut(root, violations);
    if (violations.isEmpty) this.required?.check(root, violations, mask);
    violations.throwIfAny();
    return this.toBytes(root, masks, mask);
  }

  /** Reads the body as JSON of the request message, validated. */
  private readBody(bytes: Uint8Array, violations: Violations): JsonObject {
    const { body } = this.route;
    if (body === undefined || this.bodyCheck === undefined) throw refuseBody();
    const parsed = this.parser.parse(bytes);
    refuseProtected(parsed, this.protectedInBody, violations);
    const value = this.bodyCheck(parsed, violations);
    if (violations.isEmpty) this.replacement?.check(value, violations);
    if (body !== '*') return rootOf(body, value, violations);
    return this.wrapped === undefined ? rootObject(value, violations) : rootOf(this.wrapped, value, violations);
  }

  private toBytes(root: JsonObject, masks: QueryMasks, mask: readonly string[] | undefined): Uint8Array {
    const { input } = this.route.desc;
    const json = this.wrapped === undefined ? root : (getMember(root, this.wrapped) ?? null);
    return encodeMessage(input, json, this.options, (message) => {
      masks.putBack(input, message);
      if (mask !== undefined) this.setMask(message, mask);
      this.rules?.check({ message, json: root, mask });
    });
  }

  private setMask(message: Message, paths: readonly string[]): void {
    const field = this.mask?.rule.field;
    if (field === undefined) return;
    Object.assign(message, { [field.localName]: create(field.message, { paths }) });
  }
}

function rootObject(value: JsonNode, violations: Violations): JsonObject {
  if (isObject(value)) return value;
  if (violations.isEmpty) violations.add(`expected an object, got ${describe(value)}`);
  return {};
}

function rootOf(body: DescField, value: JsonNode, violations: Violations): JsonObject {
  const root: JsonObject = {};
  setField(root, [body], value, violations);
  return root;
}

/** Returns the fields that are not suggested to clients: those that the gateway sets or that clients must not set. */
function hiddenFields(route: Route): ReadonlySet<DescField> {
  const { tenantField, protectedFields } = route.method.policy;
  const paths = tenantField === undefined ? protectedFields : [tenantField, ...protectedFields];
  return new Set(paths.flatMap((path) => policyFields(route.desc.input, path).slice(-1)));
}

/**
 * Returns protected paths from the message that the body contains, except those that the check of their message
 * refuses.
 */
function bodyPaths(route: Route, guard: FieldGuard): readonly (readonly DescField[])[] {
  const { body, desc, method } = route;
  const all = method.policy.protectedFields.map((path) => policyFields(desc.input, path));
  const below =
    typeof body === 'object' ? all.filter((fields) => fields[0] === body).map((fields) => fields.slice(1)) : all;
  return below.filter((fields) => !fields.some((field) => guard.isRuled(field)));
}
