import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const FILE = 'lock';
const SQLITE_BUSY = 5;

/**
 * Keeps a directory for one process. It is a lock of the operating system on a file, which Node reaches through
 * SQLite alone: it goes with its process however that ends, and holds between containers, whose pids say nothing.
 */
export class JournalLock {
  private readonly inode: number;

  private constructor(
    private readonly database: DatabaseSync,
    private readonly path: string,
  ) {
    this.inode = statSync(path).ino;
  }

  /** Undefined while another process, or another gateway in this one, has it. Throws what the file system says. */
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

  /** Whether the locked file is still there. Without it another process could take the directory too. */
  get isInPlace(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.inode;
  }

  release(): void {
    this.database.close();
  }
}
