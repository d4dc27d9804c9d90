import type { DescField } from '@bufbuild/protobuf';
import type { Violation } from '@bufbuild/protovalidate';
import { isObject } from '../json-reader/exact-number.js';
import type { JsonNode, JsonObject } from '../json-reader/exact-number.js';
import { dotted } from '../json-reader/field-guard.js';
import { BODY, formatPath } from '../json-reader/json-path.js';
import type { RequestPlace } from '../json-reader/request-place.js';

/** Place of a violation in a request. */
export interface ViolationPlace {
  /** Place as the client wrote it: a path in its JSON, or the name of a parameter. */
  readonly field: string;
  /** The fields down to it; elements of lists and values of maps are omitted. */
  readonly fields: readonly DescField[];
  /** True if the rule concerns the whole message there, or a oneof in it. */
  readonly isWhole: boolean;
}

/** Returns the place of a violation. */
export function placeOf({ field: path, rule }: Violation, json: JsonObject, place: RequestPlace): ViolationPlace {
  const fields = path.filter((each) => each.kind === 'field');
  const isWhole = rule.length === 0;
  const variable = place.variables.get(dotted(fields));
  return { field: variable ?? (formatPath(stepsOf(path, json, place)) || BODY), fields, isWhole };
}

/** Returns keys and indexes in the JSON; for a body that is one field, from that field down. */
function stepsOf(path: Violation['field'], json: JsonObject, { body }: RequestPlace): (string | number)[] {
  const steps: (string | number)[] = [];
  let node: JsonNode | undefined = json;
  for (const [index, each] of path.entries()) {
    if (each.kind === 'oneof') continue;
    const step = stepOf(each, node);
    node = childOf(node, step);
    if (index > 0 || each !== body) steps.push(step);
  }
  return steps;
}

function stepOf(element: Violation['field'][number], node: JsonNode | undefined): string | number {
  if (element.kind === 'list_sub') return element.index;
  if (element.kind === 'map_sub') return String(element.key);
  if (element.kind === 'extension') return element.jsonName;
  const isProtoName = isObject(node) && Object.hasOwn(node, element.name);
  return isProtoName || element.kind !== 'field' ? element.name : element.jsonName;
}

function childOf(node: JsonNode | undefined, step: string | number): JsonNode | undefined {
  if (Array.isArray(node)) return node[Number(step)];
  return isObject(node) && Object.hasOwn(node, step) ? node[step] : undefined;
}
