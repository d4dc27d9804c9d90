import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { resolveFieldPath } from './field-path.js';
import { hasOwnJsonForm } from './json-reader/check-well-known.js';
import { isWholeValue } from './json-reader/whole-value-codec.js';
import { requestPaths } from './policy-paths.js';
import type { Route } from './route.js';

/**
 * Finds bindings and policies that name a field inside a well-known message whose JSON is not an object of its fields,
 * such as the seconds of a Timestamp. In a wrapper that is the request itself, `value` may be named.
 */
export function findWellKnownMistakes(route: Route): readonly string[] {
  const { body, desc, method, responseBody, variables } = route;
  const bodyPath = typeof body === 'object' ? [{ subject: `body "${body.name}"`, fields: [body] }] : [];
  const paths = variables.map(({ fieldPath, fields }) => ({ subject: `path variable {${fieldPath}}`, fields }));
  const policyPaths = requestPaths(method.policy).flatMap(({ option, path }) => {
    const fields = resolveFieldPath(desc.input, path);
    return typeof fields === 'string' ? [] : [{ subject: `${option} "${path}"`, fields }];
  });
  return [
    ...[...bodyPath, ...paths, ...policyPaths].flatMap(({ subject, fields }) =>
      findInside(subject, desc.input, fields),
    ),
    ...(responseBody !== undefined && hasOwnJsonForm(desc.output)
      ? [describeMistake(`response_body "${responseBody.name}"`, desc.output)]
      : []),
  ];
}

function findInside(subject: string, message: DescMessage, fields: readonly DescField[]): readonly string[] {
  const scopes = [message, ...fields.slice(0, -1).flatMap((field) => field.message ?? [])];
  const found = scopes.find((scope, index) => (index === 0 ? isWholeValue(scope) : hasOwnJsonForm(scope)));
  return found === undefined ? [] : [describeMistake(subject, found)];
}

function describeMistake(subject: string, message: DescMessage): string {
  const form = isWrapperDesc(message) ? 'a scalar' : 'one value';
  return `${subject} names a field of ${message.typeName}, whose JSON is ${form} and has no fields: name the message itself`;
}
