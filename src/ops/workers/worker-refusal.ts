/** A worker could not start. It has said why. */
export class WorkerRefusal extends Error {
  constructor(readonly exitCode: number) {
    super(`a worker could not start (exit code ${exitCode})`);
  }
}
