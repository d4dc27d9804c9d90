/** The parts of an OpenAPI document that tests look at. */
export interface OperationObject {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>;
  readonly security: readonly object[];
}

export interface SchemaObject {
  readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
  readonly required?: readonly string[];
  readonly description?: string;
}

export interface FoundOperation {
  readonly path: string;
  readonly verb: string;
  readonly operation: OperationObject;
}

/** Reads a document the way its users do: as JSON. */
export class OpenApiReader {
  readonly schemas: Readonly<Record<string, SchemaObject>>;
  readonly operations: readonly FoundOperation[];
  private readonly json: { paths: Record<string, object>; components: { schemas: Record<string, SchemaObject> } };

  constructor(document: object) {
    this.json = JSON.parse(JSON.stringify(document)) as typeof this.json;
    this.schemas = this.json.components.schemas;
    this.operations = Object.entries(this.json.paths).flatMap(([path, item]) => listOperations(path, item));
  }

  operation(id: string): OperationObject {
    const found = this.operations.find((each) => each.operation.operationId === id);
    if (found === undefined) throw new Error(`the document has no operation ${id}`);
    return found.operation;
  }

  schema(name: string): SchemaObject {
    const schema = this.schemas[name];
    if (schema === undefined) throw new Error(`the document has no schema ${name}`);
    return schema;
  }

  parameterNames(id: string, place: 'path' | 'query'): string[] {
    const parameters = this.operation(id).parameters ?? [];
    return parameters.filter((parameter) => parameter.in === place).map((parameter) => parameter.name);
  }

  mediaTypes(id: string, status: string): string[] {
    return Object.keys(this.operation(id).responses[status]?.content ?? {});
  }

  /** Resolves a local reference; undefined if it has no target. */
  resolve(reference: string): unknown {
    const keys = reference.replace(/^#\//, '').split('/');
    return keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], this.json);
  }

  /** Every object in the document. */
  *objects(value: unknown = this.json): Generator<Readonly<Record<string, unknown>>> {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) yield value as Readonly<Record<string, unknown>>;
    for (const each of Object.values(value)) yield* this.objects(each);
  }
}

/** The operations of a path, those included that OpenAPI 3.1 cannot name. */
function listOperations(path: string, item: object): FoundOperation[] {
  const others = (item as Record<string, object>)['x-additional-operations'] ?? {};
  return Object.entries({ ...item, ...others })
    .filter(([verb]) => !verb.startsWith('x-'))
    .map(([verb, operation]) => ({ path, verb, operation: operation as OperationObject }));
}
