import type { TemplateVariable } from '../path-template.js';
import type { PathVariable, Route } from '../route.js';

/** A parameter in an OpenAPI path: one segment, or for `**` all remaining ones. */
export interface PathParameter {
  readonly name: string;
  /** Undefined for an anonymous `*`. */
  readonly variable: PathVariable | undefined;
  /** True if the parameter is the whole value of its variable. */
  readonly isWhole: boolean;
  readonly isMulti: boolean;
}

/** The path of a route in OpenAPI syntax. */
export interface OpenApiPath {
  readonly path: string;
  readonly parameters: readonly PathParameter[];
}

/**
 * Converts the path of a route for OpenAPI, where `{name}` stands for one segment only: the literals of a pattern
 * become part of the path and each wildcard a parameter (`{name=shelves/*}` is `/shelves/{name.shelves}`).
 */
export function toOpenApiPath(route: Route): OpenApiPath {
  const parameters: PathParameter[] = [];
  const texts = route.path.segments.map((segment, index) => {
    if (segment.kind === 'literal')
      return encodeURIComponent(segment.text).replaceAll(/%(?:3A|40|24|26|2B|2C|3D)/g, decodeURIComponent);
    const position = route.path.variables.findIndex((each) => each.start <= index && index < each.end);
    const variable = route.variables[position];
    const template = route.path.variables[position];
    const isWhole = template !== undefined && template.end - template.start === 1;
    const name = nameParameter(route, index, variable, isWhole ? undefined : template);
    parameters.push({ name, variable, isWhole, isMulti: segment.kind === 'multi' });
    return `{${name}}`;
  });
  const verb = route.path.verb === undefined ? '' : `:${encodeURIComponent(route.path.verb)}`;
  return { path: `/${texts.join('/')}${verb}`, parameters };
}

/** Returns the path with its parameter names blanked: OpenAPI forbids two paths that differ only in those names. */
export function pathShape(path: string): string {
  return path.replaceAll(/\{[^}]*\}/g, '{}');
}

/**
 * Names a parameter: `userId`, `shape.id`; a part of a longer pattern is named after the literal before it, or its
 * position.
 */
function nameParameter(
  route: Route,
  index: number,
  variable: PathVariable | undefined,
  pattern: TemplateVariable | undefined,
): string {
  if (variable === undefined) return `segment${index + 1}`;
  const name = variable.fields.map((field) => field.jsonName).join('.');
  if (pattern === undefined) return name;
  const before = index > pattern.start ? route.path.segments[index - 1] : undefined;
  return `${name}.${before?.kind === 'literal' ? before.text : String(index - pattern.start + 1)}`;
}
