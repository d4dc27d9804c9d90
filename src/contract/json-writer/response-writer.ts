import type { DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import type { ResponseWriter } from '../codec.js';
import { PlanCompiler } from './compile-plan.js';
import { markFields } from './field-marks.js';
import { type JsonNames, nameOf, zeroText } from './field-shape.js';
import type { MessagePlan } from './plan.js';
import { hidesFields } from './redacted-schema.js';
import { NOT_PLAIN, Scratch } from './scratch.js';
import { SlowPath } from './slow-path.js';
import { writeMessage } from './write-message.js';

/** Options for writing the responses of one RPC. Paths are dotted proto names from the response message down. */
export interface ResponseWriterOptions extends Partial<JsonNames> {
  /** Types that an Any or an extension may contain. */
  readonly registry: Registry;
  /** True if fields without presence are written even when they are zero. */
  readonly emitDefaults: boolean;
  /** Fields that are never sent, wherever their message type appears. */
  readonly redact: readonly string[];
  /** String fields that must contain the caller's tenant, wherever their message type appears. */
  readonly tenantFields: readonly string[];
  /** The field that is the whole body. */
  readonly responseBody: DescField | undefined;
}

/** Compiles the writer of a response type. Throws Error, at boot, for a path that does not exist. */
export function compileResponseWriter(desc: DescMessage, options: ResponseWriterOptions): ResponseWriter {
  return new JsonWriter(desc, options);
}

/** Writes plain messages from wire bytes to JSON bytes in one pass, and delegates all others to the slow path. */
export class JsonWriter implements ResponseWriter {
  private readonly scratch = new Scratch();
  private readonly plan: MessagePlan;
  private readonly slow: SlowPath;
  /** Number of bytes before and after the shown field, if it is not the whole message. */
  private readonly before: number;
  private readonly after: number;
  private readonly absent: Buffer;

  constructor(desc: DescMessage, options: ResponseWriterOptions) {
    const { registry, emitDefaults, redact, responseBody } = options;
    const marks = markFields(desc, redact, options.tenantFields);
    if (responseBody && marks.isRedacted(desc.typeName, responseBody.proto)) {
      throw new Error(`response_body "${responseBody.name}" of ${desc.typeName} is redacted. Drop one of the two.`);
    }
    const { protoNames = false, enumNumbers = false } = options;
    const names = { protoNames, enumNumbers };
    const compiler = new PlanCompiler({ registry, emitDefaults, marks, ...names });
    this.plan = responseBody ? compiler.compileOnly(desc, responseBody) : compiler.compile(desc);
    const absent = responseBody ? absentText(responseBody, names) : '';
    this.absent = Buffer.from(absent);
    this.before = responseBody ? Buffer.byteLength(JSON.stringify(nameOf(responseBody, names))) + 2 : 0;
    this.after = responseBody ? 1 : 0;
    this.slow = new SlowPath(desc, {
      ...options,
      ...names,
      marks,
      redacts: redact.length > 0 || hidesFields(desc, registry),
      shown: responseBody,
      absent,
    });
  }

  write(message: Uint8Array, tenantId: string): Buffer {
    return this.writePlain(message, tenantId) ?? this.slow.write(message, tenantId);
  }

  /** Returns the JSON of a message in plain wire order; undefined for any other, including invalid ones. */
  writePlain(message: Uint8Array, tenantId: string): Buffer | undefined {
    const w = this.scratch;
    w.load(message, tenantId);
    try {
      writeMessage(w, this.plan, message.length, 1);
    } catch (error) {
      if (error === NOT_PLAIN) return undefined;
      throw error;
    }
    const from = w.start + this.before;
    return from < w.out ? w.take(from, w.out - this.after) : Buffer.from(this.absent);
  }
}

/** Returns the JSON for an absent field that is the whole body: an empty list or map, a zero, or null. */
function absentText(field: DescField, names: JsonNames): string {
  if (field.fieldKind === 'list') return '[]';
  if (field.fieldKind === 'map') return '{}';
  const hasPresence = field.message !== undefined || field.oneof !== undefined || field.presence !== 2;
  return hasPresence ? 'null' : zeroText(field, names);
}
