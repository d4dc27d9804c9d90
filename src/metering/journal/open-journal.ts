import { mkdirSync } from 'node:fs';
import { ConfigError } from '../../config/config-error.js';
import { Journal } from './journal.js';
import { JournalLock } from './journal-lock.js';

/** Opens the journal in a directory for this process alone. Throws ConfigError if that is not possible. */
export function openJournal(directory: string, maxBytes: number): Journal {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lock = JournalLock.take(directory);
    if (lock !== undefined) return new Journal(directory, maxBytes, lock);
  } catch (error) {
    throw refusal(
      `the directory ${directory} cannot be used (${error instanceof Error ? error.message : String(error)})`,
      'give it a directory that this process may write to',
    );
  }
  throw refusal(`another gateway uses the directory ${directory}`, 'give each instance its own directory');
}

function refusal(reason: string, hint: string): ConfigError {
  return new ConfigError([{ name: 'GATEWAY_BUDGET_DEBIT_SHELF_DIR', reason, hint }]);
}
