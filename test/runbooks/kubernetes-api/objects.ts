import { EventEmitter } from 'node:events';

type Strings = Record<string, string>;

/** The members of an object that the server itself looks at; `spec` and `status` are as their kind has them. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  [member: string]: unknown;
}

export interface Metadata {
  name: string;
  namespace: string;
  uid?: string;
  labels?: Strings;
  annotations?: Strings;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  resourceVersion?: string;
  generation?: number;
  ownerReferences?: object[];
}

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubernetesObject;
}

/** Selectors of a list. */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labels?: string | undefined;
  readonly fields?: string | undefined;
}

/** All objects of the cluster, by kind; tells of every change. */
export class ObjectStore extends EventEmitter<Record<string, [Change]>> {
  private readonly kinds = new Map<string, Map<string, KubernetesObject>>();
  private version = 1;

  constructor() {
    super();
    this.setMaxListeners(100);
  }

  /** Version of the whole store, as lists have it. */
  get resourceVersion(): string {
    return String(this.version);
  }

  get(kind: string, name: string, namespace = 'production'): KubernetesObject | undefined {
    return this.kinds.get(kind)?.get(`${namespace}/${name}`);
  }

  list(kind: string, selection: Selection = {}): KubernetesObject[] {
    return [...(this.kinds.get(kind)?.values() ?? [])].filter((object) => isSelected(object, selection));
  }

  /** Creates an object, or replaces the one of this name. */
  put(object: KubernetesObject): KubernetesObject {
    const { kind, metadata } = object;
    const objects = this.kinds.get(kind) ?? new Map<string, KubernetesObject>();
    this.kinds.set(kind, objects);
    const key = `${metadata.namespace}/${metadata.name}`;
    const before = objects.get(key)?.metadata;
    metadata.uid ??= before?.uid ?? `${kind.toLowerCase()}-${metadata.name}`;
    metadata.creationTimestamp ??= before?.creationTimestamp ?? now();
    metadata.resourceVersion = String(++this.version);
    objects.set(key, object);
    this.emit(kind, { type: before === undefined ? 'ADDED' : 'MODIFIED', object });
    return object;
  }

  remove({ kind, metadata }: KubernetesObject): void {
    const key = `${metadata.namespace}/${metadata.name}`;
    const object = this.kinds.get(kind)?.get(key);
    if (object === undefined) return;
    this.kinds.get(kind)?.delete(key);
    object.metadata.resourceVersion = String(++this.version);
    this.emit(kind, { type: 'DELETED', object });
  }
}

/** A time as Kubernetes writes it: whole seconds, UTC. */
export function now(date = new Date()): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Tells whether an object is among those that a list or a watch asks for. */
export function isSelected(object: KubernetesObject, { namespace, labels = '', fields = '' }: Selection): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const has = object.metadata.labels ?? {};
  return (
    requirements(labels).every((each) => isMet(each, (name) => has[name])) &&
    requirements(fields).every((each) => isMet(each, (path) => field(object, path)))
  );
}

function requirements(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).filter((each) => each !== '');
}

/** `a=b`, `a==b`, `a!=b`, `a in (b, c)`, or `a` for: is there. */
function isMet(requirement: string, valueOf: (name: string) => string | undefined): boolean {
  const [, name = '', operator, value = ''] = /^([^=!\s]+)\s*(?:(==?|!=|in)\s*(.*))?$/.exec(requirement.trim()) ?? [];
  const has = valueOf(name);
  if (operator === undefined) return has !== undefined;
  if (operator === '!=') return has !== value;
  if (operator === 'in')
    return value
      .replaceAll(/[()\s]/g, '')
      .split(',')
      .includes(has ?? '');
  return (has ?? '') === value;
}

function field(object: KubernetesObject, path: string): string | undefined {
  const found = path
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], object);
  return typeof found === 'string' ? found : undefined;
}
