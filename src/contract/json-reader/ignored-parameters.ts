/** Returns whether a query parameter is ignored instead of refused. */
export type IgnoredParameters = (name: string) => boolean;

/** Compiles names and prefixes (`utm_*`); undefined when there are none, so that no check is made. */
export function compileIgnored(patterns: readonly string[] | undefined): IgnoredParameters | undefined {
  if (patterns === undefined || patterns.length === 0) return undefined;
  const names = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const beginnings = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return (name) => names.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}
