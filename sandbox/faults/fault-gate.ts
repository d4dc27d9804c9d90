import { Transform, type TransformCallback } from 'node:stream';
import type { Fault } from './fault.js';

const GARBAGE = Buffer.from('\0\u00ff this is not the protocol you expect \u00ff\0\r\n', 'latin1');
const MAX_CHUNKS_HELD = 64;

interface PendingRequest {
  readonly bytes: Buffer;
  readonly at: number;
}

/** Connection of a gate. */
export interface GateOptions {
  readonly fault: () => Fault;
  readonly random: () => number;
  /** Resets the connection. */
  readonly cut: () => void;
}

/** Notes when each chunk came, so that a delay counts from there and chunks in a row do not add theirs up. */
export function stampArrivals(): Transform {
  return new Transform({
    readableObjectMode: true,
    readableHighWaterMark: MAX_CHUNKS_HELD,
    transform(bytes: Buffer, _encoding, done) {
      done(null, { bytes, at: performance.now() } satisfies PendingRequest);
    },
  });
}

/** Lets the chunks of one direction through as the fault of the moment has it. Takes what {@link stampArrivals} gives. */
export class FaultGate extends Transform {
  #timer: NodeJS.Timeout | undefined;
  #held: (() => void) | undefined;

  constructor(
    private readonly direction: 'request' | 'response',
    private readonly options: GateOptions,
  ) {
    super({ writableObjectMode: true, writableHighWaterMark: 1 });
  }

  /** Goes on with what `hang` held, if the fault is another one now. */
  release(): void {
    const resume = this.#held;
    this.#held = undefined;
    resume?.();
  }

  override _transform(arrival: PendingRequest, encoding: BufferEncoding, done: TransformCallback): void {
    const { mode, latencyMs, ratio } = this.options.fault();
    if (mode === 'hang') {
      this.#held = () => this._transform(arrival, encoding, done);
    } else if (mode === 'flaky' && this.direction === 'request' && this.options.random() < ratio) {
      this.options.cut();
    } else if (mode === 'garbage' && this.direction === 'response') {
      done(null, GARBAGE);
    } else if (mode === 'slow') {
      const remainingMs = arrival.at + latencyMs - performance.now();
      this.#timer = setTimeout(() => done(null, arrival.bytes), Math.max(0, remainingMs));
    } else {
      done(null, arrival.bytes);
    }
  }

  override _flush(done: TransformCallback): void {
    if (this.options.fault().mode === 'hang') this.#held = () => this._flush(done);
    else done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#held = undefined;
    done(error);
  }
}
