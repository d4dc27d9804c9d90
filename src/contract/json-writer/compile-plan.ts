import { ScalarType } from '@bufbuild/protobuf';
import type { DescExtension, DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import { typeOfUrl } from '../type-url.js';
import type { FieldMarks } from './field-marks.js';
import {
  compileEnum,
  hasNoPresence,
  keyText,
  kindOfField,
  kindOfMessage,
  mapKeyZero,
  tagsOf,
  wireTypeOf,
  zeroText,
} from './field-shape.js';
import type { JsonNames } from './field-shape.js';
import { Literal, LiteralRun } from './literal.js';
import { KIND, MessagePlan, NO_TAG } from './plan.js';
import type { FieldPlan, TypePlans } from './plan.js';

/**
 * Maximum length of a value: that of a duration such as `"-315576000000.999999999s"`; numbers and timestamps are not
 * longer.
 */
const LONGEST_VALUE = 40;
/** Field numbers that are looked up in a table. */
const NEAR_NUMBERS = 64;
const NONE = new Literal('');

/** Options of writing messages, the same for all types of a response. */
export interface PlanOptions extends JsonNames {
  readonly registry: Registry;
  readonly emitDefaults: boolean;
  readonly marks: FieldMarks;
}

/** Compiles message types to plans, each type once. */
export class PlanCompiler implements TypePlans {
  private readonly plans = new Map<DescMessage, MessagePlan>();

  constructor(private readonly options: PlanOptions) {}

  named(typeUrl: string): MessagePlan | undefined {
    const desc = typeOfUrl(this.options.registry, typeUrl);
    return desc && this.compile(desc);
  }

  extension(desc: DescMessage, number: number): DescExtension | undefined {
    return desc.proto.extensionRange.length === 0 ? undefined : this.options.registry.getExtensionFor(desc, number);
  }

  /** Returns the plan of a message type and of all types that it contains. */
  compile(desc: DescMessage): MessagePlan {
    const known = this.plans.get(desc);
    if (known) return known;
    const plan = new MessagePlan(desc, kindOfMessage(desc), this);
    this.plans.set(desc, plan);
    this.fill(plan, (field) => this.options.marks.isRedacted(desc.typeName, field.proto));
    return plan;
  }

  /** Returns the plan of a response of which only one field is shown. */
  compileOnly(desc: DescMessage, shown: DescField): MessagePlan {
    const plan = new MessagePlan(desc, kindOfMessage(desc), this);
    this.fill(plan, (field) => field.number !== shown.number);
    return plan;
  }

  private fill(plan: MessagePlan, isHidden: (field: DescField) => boolean): void {
    const fields = plan.desc.fields.toSorted((a, b) => a.number - b.number);
    const plans = fields.map((field) => this.compileField(field, isHidden(field)));
    plan.fields = [...plans, undefined];
    plan.near = Int16Array.from({ length: NEAR_NUMBERS }, (_, n) => fields.findIndex(({ number }) => number === n));
    plan.index = new Map(fields.map((field, i) => [field.number, i]));
    plan.absent = new LiteralRun(fields.map((field) => (isHidden(field) ? '' : this.absentMember(field))));
    plan.tenants = new Int32Array(fields.length + 1);
    plans.forEach((field, i) => (plan.tenants[i + 1] = plan.tenants[i]! + (isRequiredTenant(field) ? 1 : 0)));
    const passed = fields
      .filter((field) => field.oneof && isHidden(field))
      .map((field) => [field.number, oneofBit(field)]);
    if (passed.length > 0) plan.passedOneofs = new Map(passed as [number, number][]);
    if (plan.kind === KIND.wrapper) plan.wrapped = plans[0];
  }

  private absentMember(field: DescField): string {
    if (!this.options.emitDefaults || !hasNoPresence(field)) return '';
    if (field.fieldKind === 'list') return `${keyText(field, this.options)}[]`;
    return `${keyText(field, this.options)}${field.fieldKind === 'map' ? '{}' : zeroText(field, this.options)}`;
  }

  private compileField(field: DescField, hidden: boolean): FieldPlan {
    const isTenant = this.options.marks.isTenant(field);
    const kind = isTenant ? KIND.tenant : kindOfField(field);
    const [tag, otherTag] = tagsOf(field, kind);
    const isList = field.fieldKind === 'list';
    const isMap = field.fieldKind === 'map';
    return {
      kind,
      tag: hidden && !isTenant ? NO_TAG : tag,
      otherTag,
      isList,
      isMap,
      hidden,
      oneof: oneofBit(field),
      dropsZero: !this.options.emitDefaults && hasNoPresence(field) && !isMap,
      room: keyText(field, this.options).length * 4 + longestValue(field),
      isText: isPlainText(field) && !isTenant && !hidden && this.options.emitDefaults,
      quotedKey: new Literal(`${keyText(field, this.options)}"`),
      key: new Literal(keyText(field, this.options)),
      zero: new Literal(isList ? '[]' : zeroText(field, this.options)),
      enumPlan: field.enum && compileEnum(field.enum, this.options),
      message: field.message && !hidden ? this.compile(field.message) : undefined,
      mapKey: isMap ? field.mapKey : 0,
      mapKeyTag: isMap ? (1 << 3) | wireTypeOf(field.mapKey) : 0,
      mapKeyZero: isMap ? new Literal(mapKeyZero(field.mapKey)) : NONE,
      mapValueTag: isMap ? (2 << 3) | wireTypeOf(kind) : 0,
    };
  }
}

function oneofBit(field: DescField): number {
  return field.oneof ? 1 << field.parent.oneofs.indexOf(field.oneof) : 0;
}

/** Returns the maximum length of numbers, timestamps and names, and of the JSON for a missing value. */
function longestValue(field: DescField): number {
  const names = field.enum?.values.map(({ name }) => name.length * 4) ?? [];
  return Math.max(LONGEST_VALUE, ...names) + 2;
}

function isPlainText(field: DescField): boolean {
  return field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING && field.oneof === undefined;
}

function isRequiredTenant(field: FieldPlan): boolean {
  return field.kind === KIND.tenant && !field.isList;
}
