import type { FieldViolation, GatewayErrorCode } from '../../domain/errors.js';

/** Commands that show the state of the gateway and change nothing. */
export type StateCommand =
  | 'show-routes'
  | 'show-upstreams'
  | 'show-limits'
  | 'show-inflight'
  | 'show-config'
  | 'show-cache'
  | 'show-sessions'
  | 'show-keys'
  | 'show-request'
  | 'list-requests'
  | 'list-errors';

/** Commands of the live page. */
type PageCommand = 'page-snapshot';

/** Commands that decide a described request without carrying it out. */
export type DryRunCommand = 'dry-run';

/** Commands that change the gateway, except those for circuit breakers. */
export type ChangeCommand = 'set-log-level' | 'set-rate-limit-dry-run' | 'drain' | 'reload';

/** Commands for circuit breakers. */
export type CircuitCommand = 'list-circuits' | 'open-circuit' | 'close-circuit' | 'reset-circuit';

/** Commands that the worker sends to the main thread. */
export type AdminCommand = CircuitCommand | StateCommand | ChangeCommand | PageCommand | DryRunCommand;

/** Validated input of a call. */
export interface AdminInput {
  /** Variables of the path, by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Members of the JSON body; empty without one. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Refusal of a call. */
interface AdminRefusal {
  readonly code: GatewayErrorCode;
  readonly detail: string;
  readonly errors: readonly FieldViolation[];
}

/** Result of a command: a JSON body, or why there is none. */
export type AdminReply = { readonly body: object } | { readonly refused: AdminRefusal };

/** One call of an operator, for the log. Contains nothing of the credential. */
export interface AdminAction {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Undefined for success. */
  readonly code: GatewayErrorCode | undefined;
  /** Address of the caller. */
  readonly caller: string;
  readonly requestId: string;
  /** Stack of an error that is a bug of the gateway. */
  readonly bug?: string | undefined;
  /** Number of refused calls since the previous line that have no line of their own. */
  readonly unlogged: number;
}

/** Settings that the worker gets when it starts. */
export interface WorkerSettings {
  /** Resolved: an address, not a name. */
  readonly address: string;
  readonly port: number;
  /** The configured host, which requests may name. */
  readonly name: string;
  /** SHA-256 of the token, so that the worker does not hold the token itself; undefined if none is required. */
  readonly tokenHash: Uint8Array | undefined;
  /** SHA-256 of the read-only token; undefined if there is none. */
  readonly readTokenHash: Uint8Array | undefined;
  /** Key under which the main thread registers the diagnostics of this gateway. */
  readonly gatewayId: string;
  /** One in so many blocks of the event loop is sampled; 0 disables the watch of the loop. */
  readonly blockRate: number;
}

/** Messages from the worker to the main thread. */
export type WorkerMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly command: AdminCommand;
      readonly input: AdminInput;
      readonly deadlineMs: number;
      readonly claim: SharedArrayBuffer;
    }
  | { readonly kind: 'action'; readonly action: AdminAction }
  | { readonly kind: 'ping' };

/** Messages from the main thread to the worker. */
export type MainMessage =
  | { readonly kind: 'reply'; readonly id: number; readonly reply: AdminReply }
  | { readonly kind: 'logged' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'close' };

/**
 * Commands of the main thread. Each returns the body of the response, which must be cloneable, or throws
 * GatewayError. The signal is aborted at the deadline of the call.
 */
export type AdminCommands<C extends AdminCommand = AdminCommand> = Readonly<
  Record<C, (input: AdminInput, signal: AbortSignal) => object | Promise<object>>
>;
