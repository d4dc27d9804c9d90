const FREE = 0;
const TAKEN = 1;
const GIVEN_UP = 2;

/**
 * Lets two threads agree on whether a call is carried out or abandoned: once the operator was told that the main
 * thread does not respond, the main thread must not carry it out later.
 */
export class Claim {
  private readonly state: Int32Array;

  /** @param shared memory of the other thread. */
  constructor(readonly shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.state = new Int32Array(shared);
  }

  /** Returns true if the call must be carried out. */
  take(): boolean {
    return this.settle(TAKEN);
  }

  /** Returns true if the call will not be carried out, false if its response is on the way. */
  giveUp(): boolean {
    return this.settle(GIVEN_UP);
  }

  private settle(to: number): boolean {
    return Atomics.compareExchange(this.state, 0, FREE, to) === FREE;
  }
}
