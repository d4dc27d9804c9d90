const FREE = 0;
const TAKEN = 1;
const GIVEN_UP = 2;

/**
 * Decides between two threads whether a call is done or given up, never both: a main thread that runs again after
 * the operator was told that it does not must not do then what nobody expects any more.
 */
export class Claim {
  private readonly state: Int32Array;

  /** @param shared that of the other thread. */
  constructor(readonly shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.state = new Int32Array(shared);
  }

  /** True: it must be done. */
  take(): boolean {
    return this.settle(TAKEN);
  }

  /** True: it will not be done. False: its answer is on the way. */
  giveUp(): boolean {
    return this.settle(GIVEN_UP);
  }

  private settle(to: number): boolean {
    return Atomics.compareExchange(this.state, 0, FREE, to) === FREE;
  }
}
