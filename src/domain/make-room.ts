/**
 * Deletes the oldest entry of a map or set that has reached its capacity, so that one more fits.
 * @returns the number of entries deleted: 0 or 1.
 */
export function makeRoom<K>(entries: Map<K, unknown> | Set<K>, capacity: number): number {
  if (entries.size < capacity) return 0;
  const { value, done } = entries.keys().next();
  if (done === true) return 0;
  entries.delete(value);
  return 1;
}
