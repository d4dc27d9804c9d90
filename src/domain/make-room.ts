/** Deletes the oldest entry of a map or set that has reached its capacity, so that one more fits. */
export function makeRoom<K>(entries: Map<K, unknown> | Set<K>, capacity: number): void {
  if (entries.size < capacity) return;
  const { value, done } = entries.keys().next();
  if (done !== true) entries.delete(value);
}
