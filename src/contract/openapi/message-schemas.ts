import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';
import type { Comments } from '../comments.js';
import { fieldRules } from '../field-rules.js';
import { joinSentences, toMarkdown } from './comment-text.js';
import { excludedBelow, isExcluded } from './excluded-fields.js';
import type { Direction, ExcludedFields } from './excluded-fields.js';
import type { MessageRules } from '../validation/message-rules.js';
import { nameOf } from '../json-writer/field-shape.js';
import { describeBehavior, describeChoices, describePresence, needsWhole } from './field-behavior.js';
import { nullable, wellKnownSchema } from './well-known.js';
import type { ExampleView } from './example.js';
import type { Json, JsonObject } from './json.js';
import { mapKeySchema, scalarSchema } from './scalar-schema.js';

/** Options of the description of messages. */
export interface SchemaOptions {
  readonly comments: Comments;
  /** True if fields without presence are always written. */
  readonly emitDefaults: boolean;
  /** True if fields have their proto names. */
  readonly protoNames?: boolean;
  /** True if enums are numbers. */
  readonly enumNumbers?: boolean;
  /** Rules of messages (buf.validate); undefined where no request has any. */
  readonly rules?: MessageRules | undefined;
}

/** The schemas of all messages of a document, each a component, so that recursion is a reference. */
export class MessageSchemas {
  private readonly components = new Map<string, JsonObject>();
  private readonly nameByVariant = new Map<string, string>();

  constructor(private readonly options: SchemaOptions) {}

  /** Returns the options of examples of a direction. */
  view(direction: Direction): ExampleView {
    const { protoNames = false, enumNumbers = false, rules } = this.options;
    return { direction, protoNames, enumNumbers, rules: direction === 'response' ? undefined : rules };
  }

  /** Returns the name of a field in JSON and in the query. */
  nameOf(field: DescField): string {
    return nameOf(field, this.view('response'));
  }

  /** Returns the schema of a message without the excluded fields: a reference, or a well-known form. */
  ofMessage(message: DescMessage, towards: Direction, excluded: ExcludedFields = []): JsonObject {
    const direction = towards === 'update' && !needsWhole(message, this.options.rules) ? 'request' : towards;
    const wellKnown = wellKnownSchema(message);
    if (wellKnown !== undefined) return wellKnown;
    const variant = [message.typeName, direction, ...excluded.toSorted()].join(' ');
    const known = this.nameByVariant.get(variant);
    if (known !== undefined) return reference(known);
    const name = this.freeName(message.typeName, direction);
    this.nameByVariant.set(variant, name);
    this.components.set(name, {});
    this.components.set(name, this.describeMessage(message, direction, excluded));
    return reference(name);
  }

  /**
   * Returns the schema of the value of a field, with its comment.
   * @param excluded fields to omit from the message in it.
   */
  ofField(field: DescField, direction: Direction, excluded: ExcludedFields = []): JsonObject {
    const bounds = direction === 'response' ? undefined : this.options.rules?.describe(field);
    const schema = withBounds(this.ofContainer(field, direction, excluded), bounds);
    const description = joinSentences(
      this.comment(`${field.parent.typeName}.${field.name}`),
      this.describeOneof(field),
      direction !== 'response' && fieldRules(field).immutable ? 'Cannot be changed later.' : undefined,
    );
    return {
      ...schema,
      ...(direction === 'request' ? describePresence(field) : {}),
      ...(description === undefined ? {} : { description }),
      ...(field.deprecated ? { deprecated: true } : {}),
      ...describeBehavior(field),
    };
  }

  /** Returns whether a request with the message of a field must have the field. */
  isDemanded(field: DescField): boolean {
    const { required, outputOnly } = fieldRules(field);
    return required || (!outputOnly && this.options.rules?.demanded(field.parent).has(field) === true);
  }

  /** Returns the schemas by name, in alphabetical order. */
  toComponents(): JsonObject {
    return Object.fromEntries([...this.components].toSorted(([left], [right]) => (left < right ? -1 : 1)));
  }

  private ofContainer(field: DescField, direction: Direction, excluded: ExcludedFields): JsonObject {
    // A list or a map is replaced as a whole.
    const isPartial = direction === 'update' && field.fieldKind === 'message';
    const value = this.ofValue(field, direction === 'update' && !isPartial ? 'request' : direction, excluded);
    if (field.fieldKind === 'list') return { type: 'array', items: value };
    if (field.fieldKind !== 'map') return value;
    const propertyNames = mapKeySchema(field.mapKey);
    return { type: 'object', ...(propertyNames && { propertyNames }), additionalProperties: value };
  }

  private ofValue(field: DescField, direction: Direction, excluded: ExcludedFields): JsonObject {
    if (field.message !== undefined) return this.ofMessage(field.message, direction, excluded);
    return field.enum === undefined ? scalarSchema(field.scalar) : this.ofEnum(field.enum);
  }

  private ofEnum(desc: DescEnum): JsonObject {
    if (desc.typeName === 'google.protobuf.NullValue') return { type: 'null' };
    if (!this.components.has(desc.typeName)) this.components.set(desc.typeName, this.describeEnum(desc));
    return reference(desc.typeName);
  }

  private describeMessage(message: DescMessage, direction: Direction, excluded: ExcludedFields): JsonObject {
    const fields = message.fields.filter((field) => !isExcluded(field, direction, excluded));
    const required = fields.filter((field) => this.isRequired(field, direction)).map((field) => this.nameOf(field));
    const description = this.comment(message.typeName);
    return {
      type: 'object',
      ...(description === undefined ? {} : { description }),
      properties: Object.fromEntries(
        fields.map((field) => [this.nameOf(field), this.ofProperty(field, direction, excludedBelow(field, excluded))]),
      ),
      ...(required.length === 0 ? {} : { required }),
      ...describeChoices(message, fields, (field) => this.nameOf(field)),
      ...(direction === 'response' ? {} : { additionalProperties: false }),
      ...(message.deprecated ? { deprecated: true } : {}),
    };
  }

  /** Returns the schema of a property. In a request, null stands for an absent value. */
  private ofProperty(field: DescField, direction: Direction, excluded: ExcludedFields): JsonObject {
    const schema = this.ofField(field, direction, excluded);
    const isGiven = direction === 'response' || this.isDemanded(field) || field.presence === Presence.LEGACY_REQUIRED;
    return isGiven ? schema : nullable(schema);
  }

  private describeEnum(desc: DescEnum): JsonObject {
    const values = desc.values.flatMap((value) => {
      const comment = this.comment(`${desc.typeName}.${value.name}`);
      return comment === undefined ? [] : [`- \`${value.name}\`: ${comment}`];
    });
    const description = [this.comment(desc.typeName), values.join('\n')].filter(Boolean).join('\n\n');
    const text = description === '' ? {} : { description };
    const names: Json = desc.values.map((value) => value.name);
    if (!this.options.enumNumbers) return { type: 'string', enum: names, ...text };
    const own = desc.values.filter((value) => desc.values.find(({ number }) => number === value.number) === value);
    const varnames: Json = own.map((value) => value.name);
    return { type: 'integer', enum: own.map((value) => value.number), 'x-enum-varnames': varnames, ...text };
  }

  private isRequired(field: DescField, direction: Direction): boolean {
    if (field.presence === Presence.LEGACY_REQUIRED) return true;
    if (direction !== 'response') return direction === 'request' && this.isDemanded(field);
    if (!this.options.emitDefaults) return false;
    const isCollection = field.fieldKind === 'list' || field.fieldKind === 'map';
    return isCollection || field.presence === Presence.IMPLICIT;
  }

  private describeOneof(field: DescField): string | undefined {
    const others = field.oneof?.fields.filter((other) => other !== field) ?? [];
    if (others.length === 0) return undefined;
    return `Excludes ${others.map((other) => `\`${this.nameOf(other)}\``).join(', ')}.`;
  }

  private comment(name: string): string | undefined {
    const comment = this.options.comments.get(name);
    return comment === undefined ? undefined : toMarkdown(comment);
  }

  /**
   * Returns the full name of the type; `-request`, `-update` and numbers, which a proto name cannot contain,
   * distinguish variants of it.
   */
  private freeName(typeName: string, direction: Direction): string {
    if (!this.components.has(typeName)) return typeName;
    const base = direction === 'response' ? typeName : `${typeName}-${direction}`;
    if (!this.components.has(base)) return base;
    for (let number = 2; ; number++) if (!this.components.has(`${base}-${number}`)) return `${base}-${number}`;
  }
}

/** Returns a schema with further keywords; those for nested schemas are merged into them. */
function withBounds(schema: JsonObject, bounds: JsonObject = {}): JsonObject {
  const merged: Record<string, Json | undefined> = { ...schema };
  for (const [keyword, value] of Object.entries(bounds)) {
    const own = schema[keyword];
    merged[keyword] = isSchema(own) && isSchema(value) ? withBounds(own, value) : value;
  }
  return merged;
}

function isSchema(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reference(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}
