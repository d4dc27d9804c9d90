/** Maximum edit distance of a misspelling. */
const MAX_DISTANCE = 3;

/**
 * Returns the candidate of which `word` is most likely a misspelling or the beginning; undefined without a close one.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = MAX_DISTANCE + 1;
  for (const candidate of candidates) {
    const isBeginning = candidate.startsWith(`${word}_`);
    // The difference of the lengths is a lower bound of the distance, which matters because a contract may have ten
    // thousand names.
    if (!isBeginning && Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = isBeginning ? MAX_DISTANCE : editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Returns the Levenshtein distance: the number of letters to insert, delete or replace. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replace = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
