import { expect } from 'vitest';
import type { Journal } from '../../src/metering/journal/journal.js';
import type { UsageRecord } from '../../src/metering/usage-ring.js';

/** Returns the event with a sequence number. */
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
export function fillJournal(journal: Journal, count: number, from = journal.endSeq): void {
  for (let seq = from; seq < from + count; seq++) expect(journal.append(usageRecord(seq))).toBe(true);
}

/** Returns the ids of the events that a journal still has. */
export function idsIn(journal: Journal): string[] {
  return Array.from({ length: journal.endSeq }, (_, seq) => journal.read(seq)?.id).filter((id) => id !== undefined);
}
