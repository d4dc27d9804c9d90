import { editDistance } from '../domain/did-you-mean.js';
import type { Route } from '../contract/route.js';

const MAX_SUGGESTIONS = 3;

/** Returns the templates most similar to a path that has no route, each with its methods: `GET, PUT /api/v1/users`. */
export function nearestRoutes(routes: readonly Route[], path: string): readonly string[] {
  const segments = path.split('?', 1)[0]?.split('/').filter(Boolean) ?? [];
  const byDistance = routes
    .map((route) => ({ ...route, distance: distanceTo(route, segments) }))
    .toSorted((left, right) => left.distance - right.distance);
  return [...Map.groupBy(byDistance, ({ template }) => template)]
    .slice(0, MAX_SUGGESTIONS)
    .map(([template, same]) => `${same.map(({ verb }) => verb).join(', ')} ${template}`);
}

/** Returns the edit distance of the literal segments, plus a penalty per missing or extra segment. */
function distanceTo({ path: { segments: template } }: Route, segments: readonly string[]): number {
  const length = Math.max(template.length, segments.length);
  let distance = 0;
  for (let index = 0; index < length; index++) {
    const expected = template[index];
    const actual = segments[index];
    if (expected?.kind === 'multi') return distance;
    if (expected === undefined || actual === undefined) distance += 4;
    else if (expected.kind === 'literal') distance += editDistance(expected.text, actual);
  }
  return distance;
}
