import type { DescMessage, Registry } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { RequestCodec, RequestInput } from '../codec.js';
import type { Route } from '../route.js';
import type { Check } from './check-scalar.js';
import { hasOwnJsonForm } from './check-well-known.js';
import { encodeMessage } from './encode-message.js';
import { guardedRule } from './field-guard.js';
import { Violations } from './violations.js';
import type { IgnoredParameters } from './query-string.js';
import { JsonParser } from './json-parser.js';
import { MessageChecks } from './message-checks.js';
import { refuseBody } from './malformed.js';
import { RequiredFields } from './required-fields.js';
import { refuseParameters } from './query.js';

/**
 * Returns whether the JSON of a message is one value, such as the string of a Timestamp or any JSON of a Value, so that
 * only a body can provide it. Wrappers are messages with a field `value`, which path and query may set too.
 */
export function isWholeValue(desc: DescMessage): boolean {
  return hasOwnJsonForm(desc) && !isWrapperDesc(desc);
}

/** The only message without a default: a Value of no kind has no JSON (google.protobuf.Value). */
const VALUE = 'google.protobuf.Value';

/** Reads requests whose message is one JSON value: Timestamp, Duration, FieldMask, Struct, Value, ListValue, Any. */
export class WholeValueCodec implements RequestCodec {
  private readonly parser: JsonParser;
  private readonly check: Check;
  private readonly required: RequiredFields | undefined;

  constructor(
    private readonly route: Route,
    private readonly options: {
      readonly registry: Registry;
      readonly maxDepth: number;
      readonly maxKeys: number;
      readonly isIgnored?: IgnoredParameters | undefined;
    },
    withheld: boolean,
  ) {
    this.parser = new JsonParser(options);
    this.check = new MessageChecks(options.registry, guardedRule(withheld)).ofMessage(route.desc.input);
    this.required = RequiredFields.compile(route.desc.input, options.registry);
  }

  encode({ body, query }: RequestInput): Uint8Array {
    refuseParameters(query, this.options.isIgnored);
    if (body !== undefined && body.length > 0) return this.encodeBody(body);
    if (this.route.body !== undefined) refuseMissing(this.route.desc.input);
    return new Uint8Array();
  }

  private encodeBody(body: Uint8Array): Uint8Array {
    if (this.route.body === undefined) throw refuseBody();
    const violations = new Violations();
    const value = this.check(this.parser.parse(body), violations);
    if (violations.isEmpty) this.required?.check(value, violations);
    violations.throwIfAny();
    return encodeMessage(this.route.desc.input, value, this.options);
  }
}

function refuseMissing({ typeName }: DescMessage): void {
  const violations = new Violations();
  if (typeName === VALUE) violations.add('expected a JSON value, got no body');
  violations.throwIfAny();
}
