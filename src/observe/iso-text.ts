let lastAt = 0;
let lastText = '1970-01-01T00:00:00.000Z';

/** Returns a moment, in Unix ms, in ISO 8601. Caches the text of the last millisecond. */
export function isoText(at: number): string {
  if (at !== lastAt) {
    lastAt = at;
    lastText = new Date(at).toISOString();
  }
  return lastText;
}
