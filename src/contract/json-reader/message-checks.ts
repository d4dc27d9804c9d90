import type { DescExtension, DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { findUncoveredFields } from '../field-path.js';
import { fieldRules } from '../field-rules.js';
import { anyCheck } from './check-any.js';
import { checkFields, jsonNames, listCheck, mapCheck, takesNull } from './check-fields.js';
import type { FieldEntry, FieldTable } from './check-fields.js';
import { enumCheck, scalarCheck } from './check-scalar.js';
import type { Check } from './check-scalar.js';
import { WELL_KNOWN_CHECKS } from './check-well-known.js';
import { isObject } from './exact-number.js';
import type { JsonNode } from './exact-number.js';
import { describe, NOT_YOURS } from './violations.js';
import type { Violations } from './violations.js';

const TENANT_ID = 'tenant_id';

/**
 * Checks of all message types of a registry, compiled on first use and cached. They refuse what proto3 JSON forbids and
 * name its place. Protobuf-ES, which reads the message afterwards, is laxer in places (`0x10`, `" 1"`, `1sx`, 30
 * February) and names only the field.
 */
export class MessageChecks {
  private readonly tables = new Map<DescMessage, FieldTable>();
  private readonly checks = new Map<DescMessage, Check>();

  /**
   * @param isRuled returns whether the client must not set a field, wherever it is.
   * @param hidden further fields that error messages do not suggest.
   */
  constructor(
    private readonly registry: Registry,
    private readonly isRuled: (field: DescField) => boolean,
    private readonly hidden: ReadonlySet<DescField> = new Set(),
  ) {}

  /** Returns the field with a name in either casing. */
  field(desc: DescMessage, name: string): DescField | undefined {
    return this.tableOf(desc).entries.get(name)?.field;
  }

  /** Returns the check of a whole field: a list for a repeated one, and null for "not set". */
  ofField(field: DescField): Check {
    const check = this.ofElement(field);
    if (field.fieldKind === 'list') return listCheck(field, check);
    if (field.fieldKind === 'map') return mapCheck(field, check);
    return (value, violations) => (value === null ? null : check(value, violations));
  }

  /** Returns the check of one value: of a singular field, an element or a map value. */
  ofElement(field: DescField): Check {
    if (field.message !== undefined) return this.ofMessage(field.message);
    if (field.enum === undefined) return scalarCheck(field.scalar as NonNullable<typeof field.scalar>);
    const check = enumCheck(field.enum);
    return takesNull(field) ? (value, violations) => (value === null ? null : check(value, violations)) : check;
  }

  ofMessage(desc: DescMessage): Check {
    const check = this.checks.get(desc) ?? this.compileMessage(desc);
    this.checks.set(desc, check);
    return check;
  }

  /** Returns the fields of a message, compiled on first use because messages may be recursive. */
  tableOf(desc: DescMessage): FieldTable {
    const table = this.tables.get(desc) ?? this.compileTable(desc);
    this.tables.set(desc, table);
    return table;
  }

  private compileMessage(desc: DescMessage): Check {
    const wellKnown = WELL_KNOWN_CHECKS.get(desc.typeName);
    if (wellKnown !== undefined) return wellKnown;
    if (isWrapperDesc(desc)) return scalarCheck(desc.fields[0].scalar);
    if (desc.typeName === 'google.protobuf.Any') return anyCheck(this.registry, this);
    return (value, violations) => {
      if (isObject(value)) checkFields(value, this.tableOf(desc), violations);
      else violations.add(`expected an object (${desc.name}), got ${describe(value)}`);
      return value;
    };
  }

  private compileTable(desc: DescMessage): FieldTable {
    const entries = new Map<string, FieldEntry>();
    for (const field of desc.fields) {
      const rivals = field.oneof?.fields.filter((other) => other !== field && !this.isIgnored(other)) ?? [];
      const check = this.isRuled(field) ? refuseMember : this.ofField(field);
      const entry = { field, check, rivals, isIgnored: this.isIgnored(field) };
      entries.set(field.name, entry).set(field.jsonName, entry);
    }
    return {
      entries,
      extensions: this.compileExtensions(desc),
      known: jsonNames(desc.fields.filter((field) => !this.isKept(field))),
    };
  }

  private isKept(field: DescField): boolean {
    return this.hidden.has(field) || this.isRuled(field) || this.isIgnored(field);
  }

  /** Returns whether a field is ignored. One that the client must not set is refused instead, OUTPUT_ONLY or not. */
  private isIgnored(field: DescField): boolean {
    return fieldRules(field).outputOnly && !this.isRuled(field);
  }

  private compileExtensions(desc: DescMessage): ReadonlyMap<string, Check> {
    if (desc.proto.extensionRange.length === 0) return new Map();
    const extensions = [...this.registry].filter((type) => type.kind === 'extension');
    return new Map(
      extensions
        .filter(({ extendee }) => extendee.typeName === desc.typeName)
        .map((extension) => [extension.jsonName, this.ofExtension(extension)]),
    );
  }

  private ofExtension(extension: DescExtension): Check {
    // An extension has all properties of a field except a oneof.
    const field = extension as unknown as DescField;
    return this.isRuled(field) || holdsTenant(extension) ? refuseMember : this.ofField(field);
  }
}

/** Returns whether an extension contains a tenant, which a policy cannot name, because its paths consist of fields. */
function holdsTenant({ name, message }: DescExtension): boolean {
  const matches = (field: DescField) => field.name === TENANT_ID;
  return (
    name === TENANT_ID ||
    (message !== undefined && findUncoveredFields(message, { matches, covered: [], skips: () => false }).length > 0)
  );
}

function refuseMember(_value: JsonNode, violations: Violations): JsonNode {
  violations.add(NOT_YOURS);
  return null;
}
