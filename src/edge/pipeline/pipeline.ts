import type { RequestStage } from '../../domain/request-stage.js';
import type { RpcExchange } from './rpc-exchange.js';

/** One named step of the processing of a request. */
export interface Step {
  readonly name: string;
  /** Names of the parts that run within it. */
  readonly inner?: readonly string[];
  /** Stage of the request while the step runs. */
  readonly stage: RequestStage;
  /** Position of its span: see `spanStep`. */
  readonly span: number;
  /** Throws, or rejects with, the error that ends the request. Returns a promise only when it has to wait. */
  readonly run: (exchange: RpcExchange) => unknown;
}

/**
 * Runs the steps in their order, and none after the request is over, because nothing would release what a step acquires
 * then. Returns a promise as soon as one of them has to wait, otherwise undefined.
 */
export function runSteps(steps: readonly Step[], exchange: RpcExchange): Promise<void> | undefined {
  for (let index = 0; index < steps.length; index++) {
    if (exchange.call.isOver) return undefined;
    const step = steps[index]!;
    exchange.call.enter(step.stage, step.span);
    const pending = step.run(exchange);
    if (pending instanceof Promise) return resume(steps, exchange, pending, index + 1);
  }
  return undefined;
}

async function resume(
  steps: readonly Step[],
  exchange: RpcExchange,
  pending: Promise<unknown>,
  from: number,
): Promise<void> {
  exchange.settled = await pending;
  for (let index = from; index < steps.length; index++) {
    if (exchange.call.isOver) return;
    const step = steps[index]!;
    exchange.call.enter(step.stage, step.span);
    const next = step.run(exchange);
    if (next instanceof Promise) exchange.settled = await next;
  }
}

/** All steps of a request on one generated route, compiled at boot: synchronous until a step actually waits. */
export class Pipeline {
  constructor(
    readonly steps: readonly Step[],
    private readonly onError: (error: unknown, exchange: RpcExchange) => void,
  ) {}

  /** Returns the names of all steps in their order. */
  get names(): readonly string[] {
    return this.steps.flatMap(({ name, inner = [] }) => [name, ...inner]);
  }

  run(exchange: RpcExchange): void {
    try {
      const pending = runSteps(this.steps, exchange);
      if (pending !== undefined) pending.catch((error: unknown) => this.onError(error, exchange));
    } catch (error) {
      this.onError(error, exchange);
    }
  }
}
