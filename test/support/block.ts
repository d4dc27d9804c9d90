/** Stops this process's event loop for so long, as a garbage collection or a CPU quota would. */
export function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
