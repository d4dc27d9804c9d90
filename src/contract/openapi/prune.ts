import type { OpenApiDocument } from './document.js';
import type { Json, JsonObject } from './json.js';

const REFERENCE = /^#\/components\/(\w+)\/(.+)$/;

/**
 * Returns the document without unreferenced components. Security schemes are kept, since they are referenced by name
 * only.
 */
export function pruneComponents(document: OpenApiDocument): OpenApiDocument {
  const components = document.components as Readonly<Record<string, JsonObject>>;
  const used = usedComponents(document, components);
  const kept = Object.entries(components).map(([kind, all]) => {
    const members = Object.entries(all).filter(([name]) => kind === 'securitySchemes' || used.has(`${kind}/${name}`));
    return [kind, Object.fromEntries(members)] as const;
  });
  return { ...document, components: Object.fromEntries(kept.filter(([, all]) => Object.keys(all).length > 0)) };
}

function usedComponents({ paths }: OpenApiDocument, components: Readonly<Record<string, JsonObject>>): Set<string> {
  const used = new Set<string>();
  const visit = (value: Json | undefined): void => {
    if (typeof value !== 'object' || value === null) return;
    const reference = (value as JsonObject)['$ref'];
    const [, kind, name] = (typeof reference === 'string' && REFERENCE.exec(reference)) || [];
    if (kind !== undefined && name !== undefined && !used.has(`${kind}/${name}`)) {
      used.add(`${kind}/${name}`);
      visit(components[kind]?.[name]);
    }
    for (const each of Object.values(value)) visit(each as Json);
  };
  visit(paths);
  return used;
}
