import { expect } from 'vitest';
import type { Journal } from '../../src/metering/journal/journal.js';
import type { UsageRecord } from '../../src/metering/usage-ring.js';

/** Builds the event of a place in the sequence. */
export const usageRecord = (seq: number, subject = `user-${seq}`): UsageRecord => ({
  seq,
  id: `event-${seq}`,
  tenantId: 'acme',
  subject,
  meter: 'ai.query',
  quantity: 1,
  occurredAt: 1_000 + seq,
});

/** Appends `count` events, all of which must be taken. */
export function fillShelf(shelf: Journal, count: number, from = shelf.endSeq): void {
  for (let seq = from; seq < from + count; seq++) expect(shelf.append(usageRecord(seq))).toBe(true);
}

/** Returns the ids of the events that a shelf still has. */
export function idsIn(shelf: Journal): string[] {
  return Array.from({ length: shelf.endSeq }, (_, seq) => shelf.read(seq)?.id).filter((id) => id !== undefined);
}
