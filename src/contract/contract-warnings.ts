import { getOption } from '@bufbuild/protobuf';
import { method_signature } from '../gen/google/api/client_pb.js';
import { resolveFieldPath } from './field-path.js';
import { problemOf } from './contract-problem.js';
import type { ContractProblem } from './contract-problem.js';
import type { Route } from './route.js';
import { looksSecret } from './secret-names.js';
import { keyOf, listShown } from './shown-fields.js';

/** Lists parts of the contracts that are valid but suspicious. Logged at startup and printed by `gateway check`. */
export function contractWarnings(routes: readonly Route[]): ContractProblem[] {
  return [
    ...secretWarnings(routes),
    ...openBodyWarnings(routes),
    ...replacementWarnings(routes),
    ...signatureWarnings(routes),
  ];
}

/** Returns one warning per field, however many RPCs show it. */
function secretWarnings(routes: readonly Route[]): ContractProblem[] {
  const told = new Set<string>();
  return listShown(routes).flatMap(({ routes: [route], fields }) =>
    fields.flatMap(({ field, path }) => {
      const isRevealed = route.method.policy.reveal?.includes(path) === true;
      if (told.has(keyOf(field)) || isRevealed || !looksSecret(field)) return [];
      told.add(keyOf(field));
      const ways = 'set (gateway.v1.field).redact on it, or (gateway.v1.field).public when it may be seen';
      const what = `the response field "${path}" (${field.parent.typeName}.${field.name}) has the name of a secret`;
      return [problemOf(route.desc, `${what}: ${ways}`)];
    }),
  );
}

function openBodyWarnings(routes: readonly Route[]): ContractProblem[] {
  const open = routes.filter(({ body, method }) => body !== undefined && method.policy.access === 'OPEN');
  const unbounded = open.filter(({ method }) => method.policy.maxBodyBytes === undefined);
  return [...new Set(unbounded.map(({ desc }) => desc))].map((desc) =>
    problemOf(desc, 'anyone may send bodies of GATEWAY_MAX_BODY_BYTES: set max_body_bytes to what the RPC needs'),
  );
}

/**
 * Finds PUT routes with protected fields. A PUT clears the fields that it omits, and without a mask it cannot keep a
 * protected one.
 */
function replacementWarnings(routes: readonly Route[]): ContractProblem[] {
  return routes.flatMap(({ verb, body, desc, method, variables, template }) => {
    const hasMask = desc.input.fields.some(({ name }) => name === 'update_mask');
    if (verb !== 'PUT' || body === undefined || hasMask) return [];
    const prefix = body === '*' ? '' : `${body.name}.`;
    const bound = new Set(variables.map(({ fieldPath }) => fieldPath));
    const cleared = method.policy.protectedFields.find((path) => path.startsWith(prefix) && !bound.has(path));
    if (cleared === undefined) return [];
    const what = `PUT "${template}" is always 400, since it would clear the protected field "${cleared}"`;
    return [problemOf(desc, `${what}: give the request a google.protobuf.FieldMask update_mask`)];
  });
}

/**
 * Finds method signatures that name fields which do not exist. Signatures are shown to developers of clients, who look
 * for those fields (AIP-4232).
 */
function signatureWarnings(routes: readonly Route[]): ContractProblem[] {
  return [...new Set(routes.map(({ desc }) => desc))].flatMap((desc) => {
    const names = getOption(desc, method_signature).flatMap((signature) => signature.split(','));
    const unknown = names.find((name) => name !== '' && typeof resolveFieldPath(desc.input, name.trim()) === 'string');
    const what = `google.api.method_signature names "${unknown}", which ${desc.input.typeName} does not have`;
    return unknown === undefined ? [] : [problemOf(desc, `${what}: name fields of the request`)];
  });
}
