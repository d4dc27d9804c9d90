import { create } from '@bufbuild/protobuf';
import type { DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import type { Validator, Violation } from '@bufbuild/protovalidate';
import { Violations } from '../json-reader/violations.js';
import { BODY } from '../json-reader/json-path.js';
import type { RequestPlace } from '../json-reader/request-place.js';
import type { Json, JsonObject } from '../openapi/json.js';
import { describeBounds, exampleWithin } from './bounds.js';
import { hasRules, holdsRules, reachableMessages } from './message-rules.js';
import type { MessageRules, RequestRules, ValidatedRequest } from './message-rules.js';
import { filledSamples } from './sample-messages.js';
import { placeOf } from './violation-place.js';

/** Errors that no value of a request causes: the expression itself is wrong. They are only found by evaluation. */
const WRONG_EXPRESSION =
  /^(?:unbound function|unresolved attribute|field not found|found no matching overload|expression .* outputs|error parsing regexp)/;

/** Maximum length of the text of a violation, because expressions may build it from values. */
const MAX_DETAIL = 300;

/** Rules of protovalidate, each message compiled once for all routes that can contain it. */
export class ProtovalidateRules implements MessageRules {
  private readonly validator: Validator;
  private readonly demands = new Map<DescMessage, ReadonlySet<DescField>>();
  private readonly checked = new Map<DescMessage, string | undefined>();

  constructor(registry: Registry) {
    this.validator = createValidator({ registry });
  }

  compile(desc: DescMessage, place: RequestPlace): RequestRules | undefined {
    if (!holdsRules(desc)) return undefined;
    for (const message of reachableMessages(desc).filter(hasRules)) {
      const mistake = this.mistakeOf(message);
      if (mistake !== undefined) throw new Error(`the rules of ${message.typeName} (buf.validate): ${mistake}`);
    }
    return new ProtovalidateRequest(desc, this.validator, place);
  }

  describe(field: DescField): JsonObject {
    return describeBounds(field);
  }

  demanded(desc: DescMessage): ReadonlySet<DescField> {
    let fields = this.demands.get(desc);
    if (fields === undefined) this.demands.set(desc, (fields = this.findDemanded(desc)));
    return fields;
  }

  private findDemanded(desc: DescMessage): ReadonlySet<DescField> {
    if (!hasRules(desc)) return new Set();
    const { violations = [] } = this.validator.validate(desc, create(desc));
    const places = violations.flatMap(({ field }) => (field.length === 1 ? field : []));
    return new Set(places.filter((each) => each.kind === 'field'));
  }

  example(field: DescField): Json | undefined {
    return exampleWithin(field);
  }

  private mistakeOf(desc: DescMessage): string | undefined {
    if (!this.checked.has(desc)) this.checked.set(desc, this.findMistake(desc));
    return this.checked.get(desc);
  }

  /** Finds mistakes by evaluation. Expressions are compiled when they are first evaluated, so that each of them is. */
  private findMistake(desc: DescMessage): string | undefined {
    const empty = this.validator.validate(desc, create(desc)).error;
    if (empty?.name === 'CompilationError') return empty.message;
    for (const sample of filledSamples(desc)) {
      const { error } = this.validator.validate(desc, sample);
      if (error?.name === 'CompilationError' || WRONG_EXPRESSION.test(error?.message ?? '')) return error?.message;
    }
    return undefined;
  }
}

class ProtovalidateRequest implements RequestRules {
  constructor(
    private readonly desc: DescMessage,
    private readonly validator: Validator,
    private readonly place: RequestPlace,
  ) {}

  check(request: ValidatedRequest): void {
    const result = this.validator.validate(this.desc, request.message);
    if (result.kind === 'valid') return;
    const violations = new Violations();
    if (result.kind === 'error') violations.addAt(BODY, `cannot be checked: ${cut(result.error.message)}`);
    else for (const violation of result.violations) this.add(violation, request, violations);
    violations.throwIfAny();
  }

  private add(violation: Violation, { json, mask }: ValidatedRequest, violations: Violations): void {
    const { field, fields, isWhole } = placeOf(violation, json, this.place);
    const { place } = this;
    if (!(isWhole ? place.answersForAll(fields, mask) : place.answersFor(fields, mask))) return;
    const key = violation.forKey ? 'its key ' : '';
    const text = violation.message === '' ? `breaks the rule ${violation.ruleId}` : violation.message;
    violations.addAt(field, cut(key + text));
  }
}

function cut(text: string): string {
  return text.length <= MAX_DETAIL ? text : `${text.slice(0, MAX_DETAIL)}…`;
}
