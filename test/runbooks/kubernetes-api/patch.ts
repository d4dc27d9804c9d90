type Json = Record<string, unknown>;

interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

/** Applies a patch of the type that the header names, and returns the new object. @throws {Error} for another type. */
export function applyPatch<T extends object>(object: T, body: unknown, contentType: string): T {
  const copy = structuredClone(object);
  if (contentType === 'application/json-patch+json') return applyOperations(copy as Json, body as Operation[]) as T;
  if (contentType === 'application/merge-patch+json') return merge(copy as Json, body as Json, false) as T;
  if (contentType === 'application/strategic-merge-patch+json') return merge(copy as Json, body as Json, true) as T;
  throw new Error(`a patch of the type ${contentType} is not supported`);
}

/** Applies RFC 6902, but for `move` and `copy`. */
function applyOperations(object: Json, operations: readonly Operation[]): Json {
  for (const { op, path, value } of operations) {
    const names = path
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop() ?? '';
    const parent = names.reduce<Json>((at, name) => (at[name] ??= {}) as Json, object);
    if (op === 'remove') delete parent[last];
    else if (op !== 'test') parent[last] = value;
  }
  return object;
}

/** Merges as RFC 7396; in a strategic merge, lists of things with a name are merged by that name. */
function merge(target: Json, patch: Json, isStrategic: boolean): Json {
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    const has = target[name];
    if (value === null) delete target[name];
    else if (isObject(value)) target[name] = merge(isObject(has) ? has : {}, value, isStrategic);
    else if (isStrategic && isNamed(value) && isNamed(has)) target[name] = mergeByName(has, value);
    else target[name] = value;
  }
  return target;
}

function mergeByName(has: readonly Json[], patches: readonly Json[]): Json[] {
  const merged = has.map((each) => {
    const patch = patches.find(({ name }) => name === each['name']);
    return patch === undefined ? each : merge(each, patch, true);
  });
  const added = patches.filter(({ name }) => !has.some((each) => each['name'] === name));
  return [...merged, ...added].filter((each) => each['$patch'] !== 'delete' && !isDeleted(each, patches));
}

function isDeleted({ name }: Json, patches: readonly Json[]): boolean {
  return patches.some((patch) => patch['name'] === name && patch['$patch'] === 'delete');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamed(value: unknown): value is Json[] {
  return Array.isArray(value) && value.every((each) => isObject(each) && typeof each['name'] === 'string');
}
