import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const FILE = 'lock';
const SQLITE_BUSY = 5;

/**
 * Locks a directory for one process, by an operating system lock on a file, which Node offers only through SQLite: it
 * ends with its process in every case, and works between containers, where process IDs do not.
 */
export class JournalLock {
  private readonly inode: number;

  private constructor(
    private readonly database: DatabaseSync,
    private readonly path: string,
  ) {
    this.inode = statSync(path).ino;
  }

  /**
   * Takes the lock; undefined while another process, or another gateway in this one, holds it. Throws the error of the
   * file system.
   */
  static take(directory: string): JournalLock | undefined {
    const path = join(directory, FILE);
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
      return new JournalLock(database, path);
    } catch (error) {
      database.close();
      if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
      throw error;
    }
  }

  /** True while the locked file is in its place. Without it another process could take the directory as well. */
  get isInPlace(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.inode;
  }

  release(): void {
    this.database.close();
  }
}
