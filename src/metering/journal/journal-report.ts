import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodeLine, linesOf } from './journal-line.js';

const FILE = /^\d{12}\.usage$/;
const NEWLINE = 0x0a;
/** Maximum number of files that are read. */
const MAX_FILES = 256;
const MAX_TENANTS = 100;

interface TenantUse {
  readonly tenantId: string;
  readonly records: number;
  readonly quantity: number;
  /** RFC 3339. */
  readonly oldest: string;
}

/** Content of a journal at one moment. */
export interface JournalReport {
  readonly files: number;
  readonly bytes: number;
  readonly records: number;
  readonly damaged: number;
  /** RFC 3339; undefined for an empty journal. */
  readonly oldest: string | undefined;
  readonly newest: string | undefined;
  /** True if a process holds the lock of the journal. */
  readonly isLocked: boolean;
  /** Tenants with the most records first. */
  readonly tenants: readonly TenantUse[];
  readonly otherTenants: { readonly tenants: number; readonly records: number };
}

/**
 * Reads a journal while a gateway may be using it: nothing is locked, written or removed. A file that the gateway
 * removes meanwhile is skipped, and the last line of the last file may be incomplete. Throws the error of the file
 * system.
 */
export function readJournal(directory: string): JournalReport {
  const names = readdirSync(directory)
    .filter((name) => FILE.test(name))
    .toSorted()
    .slice(0, MAX_FILES);
  const count = new Count();
  for (const name of names) count.addFile(join(directory, name));
  return { ...count.report(), isLocked: isLocked(join(directory, 'lock')) };
}

class Count {
  private files = 0;
  private bytes = 0;
  private records = 0;
  private damaged = 0;
  private oldest = Infinity;
  private newest = -Infinity;
  private readonly tenants = new Map<string, { records: number; quantity: number; oldest: number }>();

  addFile(path: string): void {
    const content = readWhole(path);
    if (content === undefined) return;
    this.files += 1;
    this.bytes += content.length;
    for (const [start, end] of linesOf(content)) {
      const record = decodeLine(content.subarray(start, end));
      if (record !== undefined) this.add(record.tenantId, record.quantity, record.occurredAt);
      else if (content[end - 1] === NEWLINE) this.damaged += 1;
    }
  }

  report(): Omit<JournalReport, 'isLocked'> {
    const { files, bytes, records, damaged } = this;
    const sorted = [...this.tenants].toSorted(([, one], [, other]) => other.records - one.records);
    const rest = sorted.slice(MAX_TENANTS);
    return {
      files,
      bytes,
      records,
      damaged,
      oldest: timestamp(this.oldest),
      newest: timestamp(this.newest),
      tenants: sorted.slice(0, MAX_TENANTS).map(([tenantId, { oldest, ...use }]) => {
        return { tenantId, ...use, oldest: timestamp(oldest) ?? '' };
      }),
      otherTenants: { tenants: rest.length, records: rest.reduce((sum, [, use]) => sum + use.records, 0) },
    };
  }

  private add(tenantId: string, quantity: number, at: number): void {
    this.records += 1;
    this.oldest = Math.min(this.oldest, at);
    this.newest = Math.max(this.newest, at);
    const known = this.tenants.get(tenantId);
    if (known === undefined) this.tenants.set(tenantId, { records: 1, quantity, oldest: at });
    else {
      known.records += 1;
      known.quantity += quantity;
      known.oldest = Math.min(known.oldest, at);
    }
  }
}

function readWhole(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    throw error;
  }
}

/** Returns true if the lock file cannot be read, as while a gateway holds it. Does not take the lock. */
function isLocked(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    database.exec('PRAGMA schema_version');
    return false;
  } catch {
    return true;
  } finally {
    database?.close();
  }
}

function timestamp(ms: number): string | undefined {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}
