import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { fillJournal, idsIn, usageRecord } from '../../../test/support/journal-fixture.js';
import { openJournal } from './open-journal.js';
import { Journal } from './journal.js';

const MIB = 1024 ** 2;

let directory: string;
const opened: Journal[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'shelf-'));
});
afterEach(() => {
  for (const journal of opened.splice(0)) journal.close();
  rmSync(directory, { recursive: true });
});

function open(): Journal {
  const journal = new Journal(directory, MIB);
  opened.push(journal);
  return journal;
}

const files = () => readdirSync(directory).filter((name) => name.endsWith('.usage'));

describe('a shelf whose disk fails', () => {
  it('says so, takes nothing, and goes on when the disk does', () => {
    const journal = open();
    fillJournal(journal, 1);
    journal.settle(1);
    standInTheWay();
    expect(journal.append(usageRecord(1))).toBe(false);
    expect(journal.failure).toMatch(/EEXIST|ENOTDIR/);
    expect([journal.has(1), journal.bytes]).toEqual([false, 0]);
    rmSync(directory);
    expect(journal.append(usageRecord(2))).toBe(true);
    expect([journal.failure, journal.read(2)?.id]).toEqual([undefined, 'event-2']);
  });

  it('is found out, and found well again, while nothing is written', () => {
    const journal = open();
    standInTheWay();
    journal.tend();
    expect(journal.failure).toMatch(/EEXIST|ENOTDIR/);
    rmSync(directory);
    journal.tend();
    expect(journal.failure).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
  });

  /** A file in the place of the directory: nothing can be written, not even as root. */
  function standInTheWay(): void {
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
  }
});

describe('a shelf whose files are gone', () => {
  const gone: Readonly<Record<string, () => void>> = {
    'the directory was deleted': () => rmSync(directory, { recursive: true }),
    'its files were deleted': () => files().forEach((name) => rmSync(join(directory, name))),
    'the directory was moved away': () => {
      renameSync(directory, `${directory}.old`);
      onTestFinished(() => rmSync(`${directory}.old`, { recursive: true }));
    },
  };
  const looks: Readonly<Record<string, (journal: Journal) => unknown>> = {
    'with the next event': (journal) => journal.append(usageRecord(journal.endSeq)),
    'with the next look': (journal) => journal.tend(),
  };
  const cases = Object.keys(gone).flatMap((what) => Object.keys(looks).map((when) => [what, when] as const));

  it.each(cases)('has them again when %s, %s', (what, when) => {
    fillJournal(open(), 2);
    const journal = open();
    fillJournal(journal, 3);
    const before = idsIn(journal);
    gone[what]?.();
    looks[when]?.(journal);
    fillJournal(journal, 1);
    const found = idsIn(open());
    expect(found.slice(0, before.length)).toEqual(before);
    expect(found).toEqual(idsIn(journal));
    expect(journal.failure).toBeUndefined();
  });

  it('belongs to its gateway again', () => {
    const journal = openJournal(directory, MIB);
    opened.push(journal);
    rmSync(directory, { recursive: true });
    journal.tend();
    expect(() => openJournal(directory, MIB)).toThrow(/another gateway uses the directory/);
  });
});
