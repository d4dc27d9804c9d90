import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fillJournal, idsIn, usageRecord } from '../../../test/support/journal-fixture.js';
import { ConfigError } from '../../config/config-error.js';
import { openJournal } from './open-journal.js';
import { type SeqRange, Journal } from './journal.js';

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

function open(maxBytes = MIB): Journal {
  const journal = new Journal(directory, maxBytes);
  opened.push(journal);
  return journal;
}

const files = () => readdirSync(directory).filter((name) => name.endsWith('.usage'));
const onlyFile = () => join(directory, files()[0] ?? '');

describe('a shelf', () => {
  it('gives back what was put on it, in any order', () => {
    const journal = open();
    fillJournal(journal, 3);
    expect([2, 0, 1].map((seq) => journal.read(seq))).toEqual([2, 0, 1].map((seq) => usageRecord(seq)));
    expect([journal.has(2), journal.has(3), journal.read(3)]).toEqual([true, false, undefined]);
  });

  it('is found again by the next process, after which it goes on in a file of its own', () => {
    fillJournal(open(), 3);
    const next = open();
    fillJournal(next, 2);
    expect(idsIn(next)).toEqual(['event-0', 'event-1', 'event-2', 'event-3', 'event-4']);
    expect(files()).toHaveLength(2);
  });

  it('counts every byte on the disk', () => {
    const journal = open();
    fillJournal(journal, 5);
    expect(journal.bytes).toBe(readFileSync(onlyFile()).length);
    expect(open().bytes).toBe(journal.bytes);
  });

  it('deletes a file when all of it was settled, and not before', () => {
    const journal = open();
    fillJournal(journal, 3);
    journal.settle(2);
    expect(files()).toHaveLength(1);
    journal.settle(3);
    expect([files(), journal.bytes]).toEqual([[], 0]);
    fillJournal(journal, 1, 3);
    expect(journal.read(3)?.id).toBe('event-3');
  });

  it('keeps names in any script, and what looks like a line', () => {
    const journal = open();
    for (const [seq, subject] of ['Zoë\n', '山田 "太郎"', '\ud800', ''].entries())
      journal.append(usageRecord(seq, subject));
    const subjects = Array.from({ length: 4 }, (_, seq) => open().read(seq)?.subject);
    expect(subjects).toEqual(['Zoë\n', '山田 "太郎"', '\ud800', '']);
  });

  it('leaves files alone that are not its own', () => {
    writeFileSync(join(directory, 'notes.txt'), 'not an event\n');
    expect([open().endSeq, open().damaged]).toEqual([0, 0]);
    expect(readdirSync(directory)).toEqual(['notes.txt']);
  });
});

describe('a shelf that a crash left behind', () => {
  it.each([1, 2, 10, 80])('does without a last line that lacks %i bytes', (bytes) => {
    fillJournal(open(), 3);
    truncateSync(onlyFile(), readFileSync(onlyFile()).length - bytes);
    const journal = open();
    const whole = bytes === 1 ? 3 : 2;
    expect(idsIn(journal)).toHaveLength(whole);
    expect(journal.damaged).toBe(0);
  });

  it('gives up a line whose bytes have changed, and no other', () => {
    fillJournal(open(), 3);
    const content = readFileSync(onlyFile());
    content[content.indexOf('event-1')] = 'E'.charCodeAt(0);
    writeFileSync(onlyFile(), content);
    const journal = open();
    expect(idsIn(journal)).toEqual(['event-0', 'event-2']);
    expect(journal.damaged).toBe(1);
  });

  it('gives up bytes that were never an event, and reads on after them', () => {
    fillJournal(open(), 1);
    appendFileSync(onlyFile(), Buffer.concat([Buffer.alloc(4096), Buffer.from('\n{"id":"forged"}\n')]));
    fillJournal(open(), 1);
    const journal = open();
    expect(idsIn(journal)).toEqual(['event-0', 'event-1']);
    expect(journal.damaged).toBe(2);
  });

  it('notices a change that comes after it was opened', () => {
    const journal = open();
    fillJournal(journal, 2);
    const content = readFileSync(onlyFile());
    content[20] = 0;
    writeFileSync(onlyFile(), content);
    expect([journal.has(0), journal.read(0), journal.has(0), journal.read(1)?.id]).toEqual([
      true,
      undefined,
      false,
      'event-1',
    ]);
  });

  it('deletes files without an event', () => {
    writeFileSync(join(directory, '000000000007.usage'), '');
    expect(open().endSeq).toBe(0);
    expect(files()).toEqual([]);
  });
});

describe('a full shelf', () => {
  it('gives up its oldest sixteenth and says which events that were', () => {
    const journal = open();
    let gone: SeqRange | undefined;
    for (let seq = 0; gone === undefined; seq++) {
      gone = journal.makeRoom();
      journal.append(usageRecord(seq));
    }
    const { firstSeq, endSeq, firstAt, lastAt } = gone;
    expect([firstSeq, firstAt, lastAt]).toEqual([0, 1000, 1000 + endSeq - 1]);
    expect([journal.has(endSeq - 1), journal.has(endSeq)]).toEqual([false, true]);
    expect(endSeq / journal.endSeq).toBeCloseTo(1 / 16, 1);
  });

  it('stays within its bytes however much is put on it', () => {
    const journal = open();
    for (let seq = 0; seq < 20_000; seq++) {
      journal.makeRoom();
      journal.append(usageRecord(seq));
    }
    const onDisk = files().reduce((sum, name) => sum + readFileSync(join(directory, name)).length, 0);
    expect(onDisk).toBe(journal.bytes);
    expect(onDisk).toBeLessThanOrEqual(MIB);
    expect(journal.has(19_999)).toBe(true);
  });
});

describe('the directory of a shelf', () => {
  it('belongs to one gateway at a time', () => {
    const first = openJournal(directory, MIB);
    expect(() => openJournal(directory, MIB)).toThrow(/another gateway uses the directory .* give each instance/);
    first.close();
    openJournal(directory, MIB).close();
  });

  it('is made when it is not there, for its owner alone', () => {
    const deep = join(directory, 'a/b');
    opened.push(openJournal(deep, MIB));
    expect(readdirSync(deep)).toEqual(['lock']);
    expect(statSync(deep).mode & 0o777).toBe(0o700);
  });

  it('is refused by name when it cannot be used', () => {
    writeFileSync(join(directory, 'file'), '');
    const attempt = () => openJournal(join(directory, 'file/below'), MIB);
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(/GATEWAY_BUDGET_DEBIT_SHELF_DIR: the directory .* cannot be used \(ENOTDIR/);
  });
});
