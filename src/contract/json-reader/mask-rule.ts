import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { Route } from '../route.js';
import { hasOwnJsonForm } from './check-well-known.js';

/** A singular field of a message that JSON writes as an object of its fields. */
export type MessageField = DescField & { readonly fieldKind: 'message' };

/** The message that the paths of a mask speak of. */
export interface MaskScope {
  /** The field of the request that holds it; none when the request is the resource itself. */
  readonly fields: readonly MessageField[];
  readonly message: DescMessage;
}

/**
 * What a request changes when its client sends no mask: what its body names, everything, or what the backend takes it
 * to be. `guarded` leaves it to the backend unless something in the message may not be set by the client.
 */
export type DefaultMask = 'body' | 'all' | 'guarded' | 'none';

/** `update_mask` of a request and what its paths speak of (AIP-134). */
export interface MaskRule {
  readonly field: MessageField;
  /** More than one when the request holds several messages and none of them is the body. */
  readonly scopes: readonly MaskScope[];
  readonly byDefault: DefaultMask;
}

/** The mask rule of a route, if its request has an `update_mask`. */
export function findMaskRule({ body, desc, verb }: Route): MaskRule | undefined {
  const { fields } = desc.input;
  const field = fields.find((each) => each.name === 'update_mask');
  if (field?.fieldKind !== 'message' || field.message.typeName !== 'google.protobuf.FieldMask') return undefined;
  const targets = typeof body === 'object' ? [body].filter(isPlainMessage) : fields.filter(isPlainMessage);
  const whole: MaskScope = { fields: [], message: desc.input };
  const scopes = targets.map((target): MaskScope => ({ fields: [target], message: target.message }));
  const byDefault = verb === 'PATCH' ? 'body' : body === undefined ? 'none' : verb === 'PUT' ? 'all' : 'guarded';
  if (scopes.length === 0) return typeof body === 'object' ? undefined : { field, scopes: [whole], byDefault };
  return { field, scopes, byDefault };
}

/** Whether a path may go on below a field: other messages are one value. */
export function isPlainMessage(field: DescField): field is MessageField {
  return field.fieldKind === 'message' && !hasOwnJsonForm(field.message);
}
