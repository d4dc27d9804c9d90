import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { Route } from '../route.js';
import { hasOwnJsonForm } from './check-well-known.js';

/** A singular field of a message that JSON writes as an object of its fields. */
export type MessageField = DescField & { readonly fieldKind: 'message' };

/** The message to which the paths of a mask refer. */
export interface MaskScope {
  /** The field of the request that contains it; empty when the request is the resource itself. */
  readonly fields: readonly MessageField[];
  readonly message: DescMessage;
}

/**
 * Fields that a request without a mask changes: those that its body names, all, or as the backend decides. `guarded`
 * leaves the decision to the backend unless the message has a field that the client must not set.
 */
export type DefaultMask = 'body' | 'all' | 'guarded' | 'none';

/** The `update_mask` of a request and the messages to which its paths refer (AIP-134). */
export interface MaskRule {
  readonly field: MessageField;
  /** Several when the request contains several messages and none of them is the body. */
  readonly scopes: readonly MaskScope[];
  readonly byDefault: DefaultMask;
}

/** Returns the mask rule of a route whose request has an `update_mask`. */
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

/** Returns whether a path may continue below a field: other messages are one value. */
export function isPlainMessage(field: DescField): field is MessageField {
  return field.fieldKind === 'message' && !hasOwnJsonForm(field.message);
}
