import type { PathTemplate, TemplateSegment } from './path-template.js';

/** Relation of the paths of one template to those of another. */
export type TemplateRelation = 'equal' | 'narrower' | 'wider' | 'crossing' | 'disjoint';

/**
 * Compares the sets of paths that two templates match. `crossing` means that they share some and each has further ones,
 * so that neither is more specific.
 */
export function compareTemplates(left: PathTemplate, right: PathTemplate): TemplateRelation {
  if (left.verb !== right.verb || !overlap(left.segments, right.segments)) return 'disjoint';
  const isNarrower = contains(right.segments, left.segments);
  const isWider = contains(left.segments, right.segments);
  if (isNarrower && isWider) return 'equal';
  if (isNarrower) return 'narrower';
  return isWider ? 'wider' : 'crossing';
}

/** Returns whether some path matches both, ignoring verbs. A `**` is always last and may match zero segments. */
export function overlap(left: readonly TemplateSegment[], right: readonly TemplateSegment[]): boolean {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const one = left[index];
    const other = right[index];
    if (one?.kind === 'multi' || other?.kind === 'multi') return true;
    if (one === undefined || other === undefined) return false;
    if (one.kind === 'literal' && other.kind === 'literal' && one.text !== other.text) return false;
  }
  return true;
}

/** Returns whether every path of `inner` is one of `outer`. */
function contains(outer: readonly TemplateSegment[], inner: readonly TemplateSegment[]): boolean {
  const length = Math.max(outer.length, inner.length);
  for (let index = 0; index < length; index++) {
    const one = outer[index];
    const other = inner[index];
    if (one?.kind === 'multi') return true;
    if (one === undefined || other === undefined || other.kind === 'multi') return false;
    if (one.kind === 'literal' && (other.kind !== 'literal' || other.text !== one.text)) return false;
  }
  return true;
}
