import { isDeepStrictEqual } from 'node:util';
import { type KubernetesObject, parseObjects } from '../ops/kubernetes-objects.js';

type Plain = Readonly<Record<string, unknown>>;

/** Returns the differences between the objects of two renderings, one line each; empty when they are equal. */
export function differences(expected: string, found: string): readonly string[] {
  const [left, right] = [byName(expected), byName(found)];
  const names = [...new Set([...left.keys(), ...right.keys()])].toSorted();
  return names.flatMap((name) => {
    const [a, b] = [left.get(name), right.get(name)];
    if (a === undefined) return [`${name}: only the chart has it`];
    if (b === undefined) return [`${name}: the chart does not have it`];
    return differing(a, b, name);
  });
}

function differing(a: unknown, b: unknown, at: string): readonly string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (Array.isArray(a) && Array.isArray(b)) return differing(Object.assign({}, a), Object.assign({}, b), at);
  if (!isPlain(a) || !isPlain(b)) return [`${at}: ${JSON.stringify(a)} is ${JSON.stringify(b)} in the chart`];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    differing(a[key], b[key], `${at}.${key}`),
  );
}

function byName(text: string): ReadonlyMap<string, unknown> {
  const objects = parseObjects(text).map((object) => normal(object) as KubernetesObject);
  return new Map(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object]));
}

/**
 * An object without the ways in which the two renderers roll pods when a setting changes (a hash in the name of the
 * ConfigMap, a checksum in an annotation), empty members, and the order of environment variables and ports.
 */
function normal(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/^api-gateway-[0-9a-z]{10}$/, 'api-gateway');
  if (Array.isArray(value)) return value.map(normal).toSorted(byVariable);
  if (!isPlain(value)) return value;
  const members = Object.entries(value).filter(([key]) => key !== 'checksum/settings');
  const all = members.map(([key, member]) => [key, normal(member)] as const);
  return Object.fromEntries(
    all.filter(([, member]) => !isPlain(member) || Object.keys(member).length > 0 || isPeer(value)),
  );
}

/** In a NetworkPolicy an empty object is everybody: it must not be left out. */
function isPeer(value: Plain): boolean {
  return 'namespaceSelector' in value || 'podSelector' in value;
}

function byVariable(a: unknown, b: unknown): number {
  return nameOf(a).localeCompare(nameOf(b), 'en');
}

/** Name of an environment variable or a port, nothing of what has an order. */
function nameOf(item: unknown): string {
  const isUnordered = isPlain(item) && ('value' in item || 'valueFrom' in item || 'containerPort' in item);
  return isUnordered ? String(item['name']) : '';
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
