/** Tells query parameters that are dropped from those that are mistakes. */
export type IgnoredParameters = (name: string) => boolean;

/** Compiles names and beginnings of names (`utm_*`); undefined when there are none, so that nothing is asked. */
export function compileIgnored(patterns: readonly string[] | undefined): IgnoredParameters | undefined {
  if (patterns === undefined || patterns.length === 0) return undefined;
  const names = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const beginnings = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return (name) => names.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}
