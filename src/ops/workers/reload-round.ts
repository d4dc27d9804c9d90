import { GatewayError } from '../../domain/errors.js';
import type { ReloadReport } from '../reload/reloader.js';
import { TO_WORKER } from './messages.js';
import type { WorkerSlot } from './worker-slot.js';

/** Maximum time in ms until the slowest worker has read and checked everything. */
const ROUND_MS = 60_000;

/** One reload of all workers: each reads and checks everything, and all put it in force, or none does. */
export class ReloadRound {
  private readonly waiting = new Set<number>();
  private readonly decision = Promise.withResolvers<boolean>();

  private constructor(private readonly slots: readonly WorkerSlot[]) {
    for (const { number } of slots) this.waiting.add(number);
  }

  /** Begins a round with the workers that serve. */
  static begin(slots: readonly WorkerSlot[]): { readonly round: ReloadRound; readonly report: Promise<ReloadReport> } {
    const round = new ReloadRound(slots);
    return { round, report: round.run() };
  }

  /** Records that a worker is ready. Resolves to whether all are. */
  agree({ number }: WorkerSlot): Promise<boolean> {
    this.leave(number);
    return this.decision.promise;
  }

  /** Stops waiting for a worker: it is ready, or has ended, and its successor reads everything anew. */
  leave(number: number): void {
    if (this.waiting.delete(number) && this.waiting.size === 0) this.decision.resolve(true);
  }

  private async run(): Promise<ReloadReport> {
    if (this.slots.length === 0) throw new GatewayError('DRAINING', 'No worker serves: nothing is reloaded.');
    const replies = this.slots.map(({ link, number }) =>
      link.ask<ReloadReport>(TO_WORKER.reload, {}, ROUND_MS).catch((error: unknown) => {
        if (this.waiting.has(number)) this.decision.resolve(false);
        throw error;
      }),
    );
    const settled = await Promise.allSettled(replies);
    const report = settled.find((reply) => reply.status === 'fulfilled');
    if (report !== undefined) return report.value;
    // The error of the worker that refused comes before the errors of those that followed it.
    const reasons = settled.flatMap((reply) => (reply.status === 'rejected' ? [GatewayError.from(reply.reason)] : []));
    throw reasons.find(({ errors }) => errors.length > 0) ?? reasons[0] ?? refusedElsewhere();
  }
}

/** Returns the error of a worker whose reload was refused by another one. */
export function refusedElsewhere(): GatewayError {
  return new GatewayError(
    'FAILED_PRECONDITION',
    'Another worker refused the reload: nothing has changed in any worker.',
  );
}
