import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { fillShelf, idsIn, usageRecord } from '../../../test/support/shelf-fixture.js';
import { openShelf } from './open-shelf.js';
import { Shelf } from './shelf.js';

const MIB = 1024 ** 2;

let directory: string;
const opened: Shelf[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'shelf-'));
});
afterEach(() => {
  for (const shelf of opened.splice(0)) shelf.close();
  rmSync(directory, { recursive: true });
});

function open(): Shelf {
  const shelf = new Shelf(directory, MIB);
  opened.push(shelf);
  return shelf;
}

const files = () => readdirSync(directory).filter((name) => name.endsWith('.usage'));

describe('a shelf whose disk fails', () => {
  it('says so, takes nothing, and goes on when the disk does', () => {
    const shelf = open();
    fillShelf(shelf, 1);
    shelf.settle(1);
    standInTheWay();
    expect(shelf.append(usageRecord(1))).toBe(false);
    expect(shelf.failure).toMatch(/EEXIST|ENOTDIR/);
    expect([shelf.has(1), shelf.bytes]).toEqual([false, 0]);
    rmSync(directory);
    expect(shelf.append(usageRecord(2))).toBe(true);
    expect([shelf.failure, shelf.read(2)?.id]).toEqual([undefined, 'event-2']);
  });

  it('is found out, and found well again, while nothing is written', () => {
    const shelf = open();
    standInTheWay();
    shelf.tend();
    expect(shelf.failure).toMatch(/EEXIST|ENOTDIR/);
    rmSync(directory);
    shelf.tend();
    expect(shelf.failure).toBeUndefined();
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
  const looks: Readonly<Record<string, (shelf: Shelf) => unknown>> = {
    'with the next event': (shelf) => shelf.append(usageRecord(shelf.endSeq)),
    'with the next look': (shelf) => shelf.tend(),
  };
  const cases = Object.keys(gone).flatMap((what) => Object.keys(looks).map((when) => [what, when] as const));

  it.each(cases)('has them again when %s, %s', (what, when) => {
    fillShelf(open(), 2);
    const shelf = open();
    fillShelf(shelf, 3);
    const before = idsIn(shelf);
    gone[what]?.();
    looks[when]?.(shelf);
    fillShelf(shelf, 1);
    const found = idsIn(open());
    expect(found.slice(0, before.length)).toEqual(before);
    expect(found).toEqual(idsIn(shelf));
    expect(shelf.failure).toBeUndefined();
  });

  it('belongs to its gateway again', () => {
    const shelf = openShelf(directory, MIB);
    opened.push(shelf);
    rmSync(directory, { recursive: true });
    shelf.tend();
    expect(() => openShelf(directory, MIB)).toThrow(/another gateway uses the directory/);
  });
});
