import { crc32 } from 'node:zlib';
import type { UsageRecord } from '../usage-ring.js';

/** Usage event as stored on disk. */
export type StoredRecord = Omit<UsageRecord, 'seq'>;

const CRC_DIGITS = 8;
const NEWLINE = 0x0a;

/**
 * Encodes an event as a line: CRC-32 of the JSON in hex, a space, the JSON, a newline. A damaged line does not affect
 * the next one.
 */
export function encodeLine({ id, tenantId, subject, meter, quantity, occurredAt }: StoredRecord): Buffer {
  const json = JSON.stringify({ id, tenantId, subject, meter, quantity, occurredAt });
  return Buffer.from(`${checksum(json)} ${json}\n`);
}

/** Decodes a line, with or without its newline; undefined for anything that {@link encodeLine} did not write. */
export function decodeLine(line: Buffer): StoredRecord | undefined {
  const text = line.toString().trimEnd();
  const json = text.slice(CRC_DIGITS + 1);
  if (text[CRC_DIGITS] !== ' ' || checksum(json) !== text.slice(0, CRC_DIGITS)) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return isJournalOnly(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Iterates over the lines as byte ranges, newline included. The last line has none if its write was interrupted. */
export function* linesOf(content: Buffer): Generator<readonly [start: number, end: number]> {
  for (let start = 0; start < content.length;) {
    const newline = content.indexOf(NEWLINE, start);
    const end = newline < 0 ? content.length : newline + 1;
    yield [start, end];
    start = end;
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(CRC_DIGITS, '0');
}

function isJournalOnly(value: unknown): value is StoredRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { id, tenantId, subject, meter, quantity, occurredAt } = value as Record<keyof StoredRecord, unknown>;
  return (
    [id, tenantId, subject, meter].every((each) => typeof each === 'string') &&
    [quantity, occurredAt].every((each) => Number.isSafeInteger(each))
  );
}
