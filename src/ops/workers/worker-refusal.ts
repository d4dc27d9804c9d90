/** Thrown when a worker could not start. The worker has reported why. */
export class WorkerRefusal extends Error {
  constructor(readonly exitCode: number) {
    super(`a worker could not start (exit code ${exitCode})`);
  }
}
