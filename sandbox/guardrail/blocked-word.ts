import type { Fault } from '../faults/fault.js';

const DEFAULT_WORD = 'forbidden';

/** The word that the guardrail blocks at the moment: that of the fault `block`. */
export class BlockedWord {
  constructor(private readonly fault: () => Fault) {}

  /** Returns true if the bytes of a message contain the word, in any field. */
  isIn(message: Uint8Array): boolean {
    const { mode, word = DEFAULT_WORD } = this.fault();
    return mode === 'block' && Buffer.from(message).includes(word);
  }
}
