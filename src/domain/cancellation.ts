/** What is told once that work is cancelled, as an `EventTarget` would tell it. */
export type CancelListener = (() => void) | { handleEvent(): void };

/** The part of an AbortSignal that work needs to end when nobody waits for it: an AbortSignal, or a {@link Cancellation}. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: CancelListener): void;
  removeEventListener(type: 'abort', listener: CancelListener): void;
}

const NONE: readonly CancelListener[] = [];

/**
 * Cancels the work of a request. Each request makes one and few are cancelled, and an AbortController with one listener
 * costs several times as much (docs/decisions/0037-cancellation-without-an-abortcontroller.md). It makes an AbortSignal
 * for code that needs one.
 */
export class Cancellation implements CancelSignal {
  aborted = false;
  reason: unknown;
  /** Replaced, never changed, so that it can be gone over while listeners come and go. */
  private listeners = NONE;
  private controller: AbortController | undefined;

  /** A real AbortSignal that is aborted with it. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  /** Tells all listeners, the first time. */
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

/** Returns a signal for what takes nothing but an AbortSignal. */
export function abortSignalOf(signal: CancelSignal): AbortSignal {
  return signal instanceof Cancellation ? signal.signal : (signal as AbortSignal);
}

/** The others are told whatever one of them throws, which is uncaught as it is from an `EventTarget`. */
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
