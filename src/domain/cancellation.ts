/** Listener that is called once when work is cancelled, in the way of an `EventTarget`. */
export type CancelListener = (() => void) | { handleEvent(): void };

/**
 * The part of an AbortSignal that work needs to end when nobody waits for it: an AbortSignal, or a {@link
 * Cancellation}.
 */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: CancelListener): void;
  removeEventListener(type: 'abort', listener: CancelListener): void;
}

const NONE: readonly CancelListener[] = [];

/**
 * Cancels the work of a request. Each request makes one and few are cancelled, and an AbortController with one listener
 * costs several times as much (ADR 0037). It makes an AbortSignal only for code that needs one.
 */
export class Cancellation implements CancelSignal {
  aborted = false;
  reason: unknown;
  /** Replaced and never mutated, so that it can be iterated while listeners are added and removed. */
  private listeners = NONE;
  private controller: AbortController | undefined;

  /** Returns an AbortSignal that is aborted with it. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  /** Calls all listeners, the first time only. */
  cancel(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.listeners) if (this.listeners.includes(listener)) tell(listener);
    this.listeners = NONE;
    this.controller?.abort(reason);
  }

  addEventListener(_type: 'abort', listener: CancelListener): void {
    this.listeners = this.listeners.length === 0 ? [listener] : [...this.listeners, listener];
  }

  removeEventListener(_type: 'abort', listener: CancelListener): void {
    const { listeners } = this;
    const isOnly = listeners.length === 1 && listeners[0] === listener;
    this.listeners = isOnly ? NONE : listeners.filter((each) => each !== listener);
  }
}

/** Returns an AbortSignal for APIs that require one. */
export function abortSignalOf(signal: CancelSignal): AbortSignal {
  return signal instanceof Cancellation ? signal.signal : (signal as AbortSignal);
}

/**
 * Calls one listener. An error that it throws is uncaught, as with an `EventTarget`, and does not affect the other
 * listeners.
 */
function tell(listener: CancelListener): void {
  try {
    if (typeof listener === 'function') listener();
    else listener.handleEvent();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
