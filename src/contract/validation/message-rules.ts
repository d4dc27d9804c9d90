import type { DescField, DescMessage, Message, Registry } from '@bufbuild/protobuf';
import type { JsonObject } from '../json-reader/exact-number.js';
import type { RequestPlace } from '../json-reader/request-place.js';
import type { Json, JsonObject as Schema } from '../openapi/json.js';
import type { Route } from '../route.js';

/** Field number of the options (buf.validate.message), (buf.validate.oneof) and (buf.validate.field). */
const BUF_VALIDATE = 1159;

/** A request whose message is validated. */
export interface ValidatedRequest {
  readonly message: Message;
  /** The message as JSON, with the names that the client used. */
  readonly json: JsonObject;
  /** Paths of an update mask in proto names; undefined for a request without one. */
  readonly mask: readonly string[] | undefined;
}

/** The rules of one request message. */
export interface RequestRules {
  /** Throws GatewayError INVALID_ARGUMENT with each violated rule, by the JSON path of its field. */
  check(request: ValidatedRequest): void;
}

/** Rules of messages in the options of protovalidate (buf.validate). */
export interface MessageRules {
  /**
   * Compiles the rules of a request; undefined if it has none. Throws Error, at boot, for rules that cannot be
   * compiled.
   */
  compile(desc: DescMessage, place: RequestPlace): RequestRules | undefined;
  /** Returns the bounds of a field as keywords of JSON Schema; others are omitted. */
  describe(field: DescField): Schema;
  /** Returns the fields without which a message violates a rule. */
  demanded(desc: DescMessage): ReadonlySet<DescField>;
  /** Returns a value that satisfies the rules of a field; undefined if any value does, null if none is known. */
  example(field: DescField): Json | undefined;
}

/**
 * Loads the validation of the requests of routes; undefined, with nothing loaded, where no message of them has a rule.
 */
export async function loadMessageRules(
  routes: readonly Route[],
  registry: Registry,
): Promise<MessageRules | undefined> {
  if (!routes.some(({ desc }) => holdsRules(desc.input))) return undefined;
  const { ProtovalidateRules } = await import('./protovalidate-rules.js');
  return new ProtovalidateRules(registry);
}

/** Returns whether a message, or one that it can contain, has a rule. */
export function holdsRules(desc: DescMessage): boolean {
  return reachableMessages(desc).some(hasRules);
}

/** Returns a message and all messages that it can contain. */
export function reachableMessages(desc: DescMessage): DescMessage[] {
  const seen = new Set([desc]);
  for (const scope of seen) for (const { message } of scope.fields) if (message !== undefined) seen.add(message);
  return [...seen];
}

/** Returns whether a message has rules of its own, or of its fields or oneofs. */
export function hasRules({ proto }: DescMessage): boolean {
  return [proto, ...proto.field, ...proto.oneofDecl].some(
    ({ options }) => options?.$unknown?.some(({ no }) => no === BUF_VALIDATE) === true,
  );
}
