type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

/** Numbers that are added up; for any other one the highest value is used. */
const ADDED =
  /^(?:count|streams|notListed|inFlight|active|limit|configuredLimit|queued|queueSize|waiting\w*|kept|bytes\w*|entries|max(?:Bytes|Entries|Concurrent\w*)|hits|misses|stale\w*|errors|l1|redis|denied|buckets|tenant|user|ip|route|ai|capacity|inUse)$/;
/** Members that identify an entry of a list. Each request belongs to one worker. */
const IDENTITY = [
  'upstream',
  'address',
  'tenant',
  'tenantId',
  'route',
  'stage',
  'scope',
  'issuer',
  'url',
  'name',
] as const;
/** States of a circuit breaker, the better ones first. */
const STATES = ['closed', 'half_open', 'half-open', 'open'];

/** Response of one worker. */
export interface WorkerResponse {
  readonly worker: number;
  readonly body: object;
}

/**
 * Merges the responses of all workers into one of the same shape: counts are added up, lists joined, circuit breakers
 * shown in their worst state. `workers` has each response unchanged.
 */
export function mergeResponses(answers: readonly WorkerResponse[]): object {
  const merged = mergeObjects(answers.map(({ worker, body }) => marked(body as JsonObject, worker)));
  return { ...merged, workers: answers.map(({ worker, body }) => ({ worker, ...body })) };
}

/** Adds the number of the worker to requests. */
function marked(body: JsonObject, worker: number): JsonObject {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((each) => mark(each, worker)) : value,
    ]),
  );
}

function mark(entry: Json, worker: number): Json {
  return isObject(entry) && 'id' in entry ? { ...entry, worker } : entry;
}

function mergeObjects(objects: readonly JsonObject[]): JsonObject {
  const names = new Set(objects.flatMap((each) => Object.keys(each)));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      mergeValues(
        name,
        objects.flatMap((each) => (name in each ? [each[name] as Json] : [])),
      ),
    ]),
  );
}

function mergeValues(name: string, values: readonly Json[]): Json {
  const [first = null] = values;
  if (values.every((value) => typeof value === 'number')) return ADDED.test(name) ? sum(values) : Math.max(...values);
  if (values.every(isObject)) return mergeObjects(values);
  if (values.every((value) => Array.isArray(value))) return mergeLists(values.flat() as Json[]);
  if (values.every((value) => typeof value === 'boolean')) return values.some(Boolean);
  if (name === 'state') return values.reduce((one, other) => (rank(other) > rank(one) ? other : one), first);
  return values.find((value) => value !== null) ?? null;
}

/**
 * Merges entries with the same identity; all others stay. Requests are sorted as each worker sorts them: the latest
 * first, or, if in flight, the oldest.
 */
function mergeLists(entries: readonly Json[]): Json[] {
  const groups = new Map<string, JsonObject[]>();
  const others: Json[] = [];
  for (const entry of entries) {
    const key = isObject(entry) && !('id' in entry) && !('at' in entry) ? identityOf(entry) : undefined;
    if (key === undefined) others.push(entry);
    else groups.set(key, [...(groups.get(key) ?? []), entry as JsonObject]);
  }
  const merged = [...groups.values()].map((group) => mergeObjects(group));
  const plain = others.every(isObject) ? others.toSorted(byTime) : [...new Set(others)];
  return [...merged, ...plain];
}

/**
 * Compares requests by time, the latest first; those in flight the oldest first. Their texts sort as their times do.
 */
function byTime(one: JsonObject, other: JsonObject): number {
  const [mine, theirs] = [timeOf(one), timeOf(other)];
  if (mine !== theirs) return mine > theirs ? -1 : 1;
  return Number(other['ageMs'] ?? 0) - Number(one['ageMs'] ?? 0);
}

function timeOf({ endedAt, at }: JsonObject): string {
  const time = endedAt ?? at;
  return typeof time === 'string' ? time : '';
}

function identityOf(entry: JsonObject): string | undefined {
  const parts = IDENTITY.flatMap((name) => (typeof entry[name] === 'string' ? [`${name}=${String(entry[name])}`] : []));
  return parts.length === 0 ? undefined : parts.join(' ');
}

function rank(state: Json): number {
  return typeof state === 'string' ? STATES.indexOf(state) : -1;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
