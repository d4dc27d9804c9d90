import { isFieldSet } from '@bufbuild/protobuf';
import type { Message } from '@bufbuild/protobuf';
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

const SCHEMAS = new Map(file_buf_validate_validate.messages.map((schema) => [schema.typeName, schema]));

/** Returns a rule that is set, even to 0; undefined for one that is not set. */
export function given<Rules extends Message, Name extends Extract<keyof Rules, string>>(
  rules: Rules,
  name: Name,
): Rules[Name] | undefined {
  const field = SCHEMAS.get(rules.$typeName)?.field[name];
  return field !== undefined && isFieldSet(rules, field) ? rules[name] : undefined;
}
