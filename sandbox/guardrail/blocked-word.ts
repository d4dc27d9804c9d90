import type { Fault } from '../faults/fault.js';

const DEFAULT_WORD = 'forbidden';

/** The word that the guardrail blocks at the moment: that of the fault `block`. */
export class BlockedWord {
  constructor(private readonly fault: () => Fault) {}

  /** Whether the bytes of a message contain it, in any of its fields. */
  isIn(message: Uint8Array): boolean {
    const { mode, word = DEFAULT_WORD } = this.fault();
    return mode === 'block' && Buffer.from(message).includes(word);
  }
}
