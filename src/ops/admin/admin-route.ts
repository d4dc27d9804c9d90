import { z } from 'zod';
import type { AdminResponse } from './admin-response.js';
import type { AdminCommand, AdminInput } from './admin-messages.js';
import type { MainThread } from './main-thread.js';

const DEADLINE_MS = 2_000;

/** A call as the handler of its route gets it. */
export interface AdminCall extends AdminInput {
  /** Aborted when the caller leaves, the deadline passes or the listener closes. */
  readonly signal: AbortSignal;
  readonly main: MainThread;
  readonly requestId: string;
  /** Address of the caller. */
  readonly caller: string;
}

/** Accepted input and access of a route; both are checked before the handler runs. */
interface Accepted {
  /** Schema of the query parameters, from strings; default: none. */
  readonly query?: z.ZodObject;
  /** Schema of a JSON object as the body; default: a body is refused. */
  readonly body?: z.ZodObject;
  /** Time until the response begins; default 2 s. */
  readonly deadlineMs?: number | ((query: AdminInput['query']) => number);
  /** Required access of the token: default `read` for GET, `change` otherwise. */
  readonly access?: 'read' | 'change';
  /** True for calls that take seconds: few of them run concurrently, and they end when the listener closes. */
  readonly isLong?: boolean;
}

/**
 * One route of the admin listener. GET reads; POST and PUT change something, so that no link and no image can do so.
 */
export interface AdminRoute extends Required<Omit<Accepted, 'body'>> {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body: z.ZodObject | undefined;
  readonly answeredBy:
    | { readonly main: AdminCommand }
    | {
        /** Runs in the worker, and so also while the main thread is blocked. */
        readonly worker: (call: AdminCall) => AdminResponse | Promise<AdminResponse>;
      };
}

/**
 * Makes a route.
 * @param target as `GET /admin/circuits/{upstream}`.
 */
export function route(
  target: `${AdminRoute['method']} /${string}`,
  answeredBy: AdminRoute['answeredBy'],
  accepted: Accepted = {},
): AdminRoute {
  const [method, path] = target.split(' ') as [AdminRoute['method'], string];
  return {
    query: z.strictObject({}),
    body: undefined,
    deadlineMs: DEADLINE_MS,
    isLong: false,
    access: method === 'GET' ? 'read' : 'change',
    ...accepted,
    method,
    path,
    answeredBy,
  };
}
