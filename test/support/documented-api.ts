import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { OpenApiReader, type FoundOperation } from './openapi.js';

/** A request and what should come of it. */
export interface DocumentedCall {
  readonly token?: string | undefined;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect: number;
}

/** Response to a request. */
export interface DocumentedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

interface MediaType {
  readonly schema?: object;
  readonly 'x-item-schema'?: object;
}

type Json = Record<string, unknown>;

/** Calls a gateway and holds each answer against the document that the gateway gives of itself. */
export class DocumentedApi {
  readonly reader: OpenApiReader;
  /** Returns the deviations of a response from the document, one line each. */
  readonly mismatches: string[] = [];
  readonly bodies: string[] = [];
  private readonly statuses = new Map<string, Set<number>>();
  private readonly ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  private readonly validators = new Map<string, ValidateFunction>();

  constructor(
    readonly url: string,
    document: object,
  ) {
    this.reader = new OpenApiReader(close(document));
    addFormats.default(this.ajv);
    for (const format of ['uint32', 'uint64']) this.ajv.addFormat(format, true);
    this.ajv.addSchema({ $id: 'doc', $defs: absolute(this.reader.schemas) }, 'doc');
  }

  static async of(url: string): Promise<DocumentedApi> {
    return new DocumentedApi(url, (await (await fetch(`${url}/openapi.json`)).json()) as object);
  }

  /** Sends a request, holds the answer against the document and gives its body. */
  async call(verb: string, path: string, { token, body, headers, expect }: DocumentedCall): Promise<string> {
    const response = await fetch(this.url + path, {
      method: verb,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      body: await response.text(),
    };
    if (answer.status !== expect)
      this.mismatches.push(`${verb} ${path}: ${answer.status} for ${expect}: ${answer.body}`);
    this.check(verb, path, answer);
    return answer.body;
  }

  /** Holds an answer against the document. */
  check(verb: string, path: string, answer: DocumentedAnswer): void {
    const { operation } = this.find(verb, path);
    const { operationId } = operation;
    this.statuses.set(operationId, (this.statuses.get(operationId) ?? new Set()).add(answer.status));
    this.bodies.push(answer.body);
    for (const problem of this.compare(operation.responses[String(answer.status)], answer)) {
      this.mismatches.push(`${operationId} ${answer.status}: ${problem}`);
    }
  }

  /** Operations that have not been answered with such a status yet. */
  unseen(isMeant: (status: number) => boolean): string[] {
    const ids = this.reader.operations.map(({ operation }) => operation.operationId);
    return ids.filter((id) => ![...(this.statuses.get(id) ?? [])].some(isMeant));
  }

  private find(verb: string, path: string): FoundOperation {
    const [pathname = ''] = path.split('?');
    const found = this.reader.operations
      .filter((each) => each.verb.toUpperCase() === verb && toPattern(each.path).test(pathname))
      .toSorted((left, right) => left.path.split('{').length - right.path.split('{').length);
    if (found[0] === undefined) throw new Error(`the document does not know ${verb} ${path}`);
    return found[0];
  }

  private compare(documented: object | undefined, { contentType, body }: DocumentedAnswer): string[] {
    if (documented === undefined) return ['no such status in the document'];
    const { content } = this.dereference(documented) as { content?: Record<string, MediaType> };
    if (content === undefined) return body === '' ? [] : ['a body where none is documented'];
    const type = contentType.split(';')[0] ?? '';
    const media = content[type];
    return media === undefined ? [`no ${type || 'media type'} in the document`] : this.compareBody(type, media, body);
  }

  private compareBody(type: string, media: MediaType, body: string): string[] {
    switch (type) {
      case 'text/event-stream':
        return parseEvents(body).flatMap(({ event, data }) => this.compareEvent(event, data, media));
      case 'application/x-ndjson':
        return body
          .trimEnd()
          .split('\n')
          .flatMap((line) => this.validate(media['x-item-schema'], JSON.parse(line)));
      default:
        return this.validate(media.schema, JSON.parse(body));
    }
  }

  private compareEvent(event: string, data: string, media: MediaType): string[] {
    if (event === 'end') return data === '{}' ? [] : [`end with ${data}`];
    const schema = event === 'error' ? { $ref: '#/components/schemas/Problem' } : media['x-item-schema'];
    return this.validate(schema, JSON.parse(data));
  }

  private validate(schema: object | undefined, value: unknown): string[] {
    if (schema === undefined) return ['no schema in the document'];
    const key = JSON.stringify(schema);
    const validate = this.validators.get(key) ?? this.ajv.compile(absolute(schema));
    this.validators.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    );
  }

  private dereference(value: object): object {
    return '$ref' in value ? (this.reader.resolve(String(value.$ref)) as object) : value;
  }
}

/** The document with nothing allowed in an answer that it does not name. */
function close(document: object): object {
  return JSON.parse(JSON.stringify(document), (_key, value: Json | null) => {
    if (value?.type !== 'object' || value.properties === undefined || 'additionalProperties' in value) return value;
    return { ...value, additionalProperties: false };
  }) as object;
}

/** Schemas refer to components of the document; ajv is told where that is. */
function absolute(value: object): Json {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/components/schemas/', '"doc#/$defs/')) as Json;
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
}

function parseEvents(body: string): { event: string; data: string }[] {
  return body
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/, 2) as [string, string]));
      return { event: fields.get('event') ?? 'message', data: fields.get('data') ?? '' };
    });
}
