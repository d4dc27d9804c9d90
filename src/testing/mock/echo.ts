import type { DescField } from '@bufbuild/protobuf';
import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import { snake } from './example-scalar.js';

/**
 * Copies fields of the request into the response, as a service that found or stored it would: fields of the same name and type,
 * `id` from `id` or `<message>_id`, and the resource itself where a request carries it (AIP-133, 134).
 * Fields that are messages are filled in the same way.
 */
export function echo(request: ReflectMessage, response: ReflectMessage): void {
  for (const field of request.fields) {
    if (field.message === response.desc && field.fieldKind === 'message' && request.isSet(field)) {
      copyFields(request.get(field), response);
    }
  }
  copyFields(request, response);
  copyId(request, response);
  for (const field of response.fields) {
    if (field.fieldKind === 'message' && response.isSet(field)) echoResource(request, response.get(field));
  }
}

/** Copies the filters of a list request into an item, except the ID, which differs between items. */
export function echoFilter(request: ReflectMessage, item: ReflectMessage): void {
  copyFields(request, item, (field) => field.name !== 'id' && field.name !== 'name' && field.name !== idOf(item));
}

function echoResource(request: ReflectMessage, resource: ReflectMessage): void {
  copyFields(request, resource);
  for (const field of request.fields) {
    if (field.fieldKind === 'message' && field.message === resource.desc && request.isSet(field)) {
      copyFields(request.get(field), resource);
    }
  }
  copyId(request, resource);
}

function copyFields(from: ReflectMessage, to: ReflectMessage, isWanted = (_field: DescField) => true): void {
  for (const source of from.fields) {
    if (!from.isSet(source) || !isWanted(source)) continue;
    const target = to.fields.find(({ name }) => name === source.name);
    if (target === undefined || !isSameType(source, target)) continue;
    if (source.fieldKind === 'list') copyList(from, source, to, target);
    else if (isMergeable(source) && to.isSet(target)) copyFields(from.get(source), to.get(target) as ReflectMessage);
    else to.set(target, from.get(source));
  }
}

/** Merges a message field by field: fields that the request leaves out are unchanged. */
function isMergeable(field: DescField): field is DescField & { fieldKind: 'message' } {
  return field.fieldKind === 'message' && !field.message.typeName.startsWith('google.protobuf.');
}

function copyList(from: ReflectMessage, source: DescField, to: ReflectMessage, target: DescField): void {
  if (source.fieldKind !== 'list' || target.fieldKind !== 'list') return;
  const list = to.get(target);
  list.clear();
  for (const item of from.get(source)) list.add(item);
}

/** Copies the ID of the requested resource from `id` or `<message>_id`. */
function copyId(from: ReflectMessage, to: ReflectMessage): void {
  const target = to.fields.find(({ name }) => name === 'id') ?? to.fields.find(({ name }) => name === idOf(to));
  const names = ['id', idOf(to)];
  const source = from.fields.find((field) => names.includes(field.name) && from.isSet(field));
  if (target !== undefined && source !== undefined && isSameType(source, target)) to.set(target, from.get(source));
}

function idOf({ desc }: ReflectMessage): string {
  return `${snake(desc.name)}_id`;
}

function isSameType(a: DescField, b: DescField): boolean {
  if (a.fieldKind !== b.fieldKind || a.fieldKind === 'map') return false;
  if (a.fieldKind === 'list' && b.fieldKind === 'list' && a.listKind !== b.listKind) return false;
  return a.scalar === b.scalar && a.message === b.message && a.enum === b.enum;
}
