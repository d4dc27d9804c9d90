import { crc32 } from 'node:zlib';
import type { UsageRecord } from '../usage-record.js';

/** What is kept of an event on disk. */
export type ShelvedRecord = Omit<UsageRecord, 'seq'>;

const CRC_DIGITS = 8;
const NEWLINE = 0x0a;

/** One event as a line: CRC-32 of the JSON in hex, a space, the JSON. A damaged line costs itself alone, since the next begins after a newline. */
export function encodeLine({ id, tenantId, subject, meter, quantity, occurredAt }: ShelvedRecord): Buffer {
  const json = JSON.stringify({ id, tenantId, subject, meter, quantity, occurredAt });
  return Buffer.from(`${checksum(json)} ${json}\n`);
}

/** Reads a line, with or without its newline; undefined for anything that was not written by {@link encodeLine}. */
export function decodeLine(line: Buffer): ShelvedRecord | undefined {
  const text = line.toString().trimEnd();
  const json = text.slice(CRC_DIGITS + 1);
  if (text[CRC_DIGITS] !== ' ' || checksum(json) !== text.slice(0, CRC_DIGITS)) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return isShelved(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Where each line begins and ends, its newline included. The last one has none if its writing was cut short. */
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

function isShelved(value: unknown): value is ShelvedRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { id, tenantId, subject, meter, quantity, occurredAt } = value as Record<keyof ShelvedRecord, unknown>;
  return (
    [id, tenantId, subject, meter].every((each) => typeof each === 'string') &&
    [quantity, occurredAt].every((each) => Number.isSafeInteger(each))
  );
}
