import type { CallContext } from '../domain/call-context.js';
import { LinkedSet } from '../domain/linked-set.js';
import type { WaitProfile } from './wait-profile.js';

/** Holds every unfinished request, including streams. Bounded by the connection limit of the server. */
export class InFlightRegistry {
  private readonly contexts = new LinkedSet<CallContext>();
  private readonly waiters: (() => void)[] = [];

  /** @param waits receives the waits of each request when it ends. */
  constructor(private readonly waits: Pick<WaitProfile, 'take'>) {}

  get size(): number {
    return this.contexts.size;
  }

  add(context: CallContext): void {
    this.contexts.add(context);
  }

  remove(context: CallContext): void {
    this.contexts.delete(context);
    this.waits.take(context);
    if (this.contexts.size === 0) for (const wake of this.waiters.splice(0)) wake();
  }

  /** Resolves as soon as no request is in flight. */
  async empty(): Promise<void> {
    if (this.contexts.size > 0) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  [Symbol.iterator](): Iterator<CallContext> {
    return this.contexts[Symbol.iterator]();
  }
}
