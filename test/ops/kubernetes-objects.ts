import { parseAllDocuments } from 'yaml';
import { readText } from './project-files.js';

/** An object of Kubernetes, as far as every one of them is the same. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
}

/** Objects of a text of YAML documents. Throws when one of them cannot be read. */
export function parseObjects(text: string): readonly KubernetesObject[] {
  const documents = parseAllDocuments(text);
  const all = 'empty' in documents ? [] : documents;
  for (const { errors } of all) if (errors[0] !== undefined) throw errors[0];
  return all.map((document) => document.toJS() as KubernetesObject | null).filter((object) => object !== null);
}

/** The one object of this kind in a file of the project; the caller says of which form it is. */
export function readObject<T>(path: string, kind: string): T {
  const [object, ...others] = parseObjects(readText(path)).filter((each) => each.kind === kind);
  if (object === undefined || others.length > 0) throw new Error(`${path} has no ${kind}, or several`);
  return object as T;
}
