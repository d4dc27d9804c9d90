import type { FieldViolation, GatewayErrorCode } from '../../domain/errors.js';
import type { ChangeCommand } from './changes/change-messages.js';
import type { DryRunCommand } from './dry-run/dry-run-messages.js';
import type { PageCommand } from './page/page-messages.js';
import type { StateCommand } from './state/state-messages.js';

/** Commands for circuits. */
export type CircuitCommand = 'list-circuits' | 'open-circuit' | 'close-circuit' | 'reset-circuit';

/** What the main thread is asked to do. */
export type AdminCommand = CircuitCommand | StateCommand | ChangeCommand | PageCommand | DryRunCommand;

/** What a call carries, checked. */
export interface AdminInput {
  /** Variable parts of the path, by their name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Members of the JSON body; empty without one. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Why a call is refused. */
interface AdminRefusal {
  readonly code: GatewayErrorCode;
  readonly detail: string;
  readonly errors: readonly FieldViolation[];
}

/** What became of a command: a body of JSON, or why there is none. */
export type AdminReply = { readonly body: object } | { readonly refused: AdminRefusal };

/** One call of an operator, for the log. It has nothing of the credential. */
export interface AdminAction {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Undefined: it went well. */
  readonly code: GatewayErrorCode | undefined;
  /** Address of the caller. */
  readonly caller: string;
  readonly requestId: string;
  /** Stack of an error that is a bug of the gateway. */
  readonly bug?: string | undefined;
  /** Calls refused without a line of their own since the line before this one. */
  readonly unlogged: number;
}

/** Given to the worker when it starts. */
export interface WorkerSettings {
  /** Resolved already: an address, not a name. */
  readonly address: string;
  readonly port: number;
  /** The host as it was set, which requests may name. */
  readonly name: string;
  /** SHA-256 of the token, so that the token itself stays where it is; undefined: none is asked for. */
  readonly tokenHash: Uint8Array | undefined;
  /** The same of the token that can change nothing; undefined: there is none. */
  readonly readTokenHash: Uint8Array | undefined;
  /** Under which the main thread has the diagnostics of this gateway. */
  readonly gatewayId: string;
  /** Of so many blocks of the event loop one is sampled; 0: none, and the loop is not watched. */
  readonly blockRate: number;
}

/** From the worker to the main thread. */
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

/** From the main thread to the worker. */
export type MainMessage =
  | { readonly kind: 'reply'; readonly id: number; readonly reply: AdminReply }
  | { readonly kind: 'logged' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'close' };
