import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../domain/errors.js';
import { checkHeaderCount } from '../../edge/framing.js';
import type { TrackedResponse } from '../../edge/tracked-response.js';
import { type AdminResponse, json } from './admin-response.js';
import type { AdminInput } from './admin-messages.js';
import type { AdminCall, AdminRoute } from './admin-route.js';
import type { CallerCheck } from './caller-check.js';
import { findRoute } from './find-route.js';
import { type MainThread, unfinished } from './main-thread.js';
import { readBody, readQuery } from './read-input.js';

const MAX_HEADERS = 50;
/** Maximum number of concurrent long calls; half of the connections remain for the others. */
const MAX_LONG_CALLS = 8;

/**
 * A caller that neither sends nor receives anything for this long, in ms, is disconnected, unless it waits for its
 * response.
 */
export const SILENCE_MS = 10_000;

type KnownCaller = Pick<AdminCall, 'signal' | 'requestId' | 'caller'>;

/** The caller, and the response that shows whether it still waits. */
export type Caller = KnownCaller & { readonly response: TrackedResponse };

/** Sends the response of a call. The signal is aborted when nobody waits for the rest of it. */
export type SendResponse = (answer: AdminResponse, signal: AbortSignal) => Promise<void>;

/** Runs one call from its head to its response: access, route, input and deadline. */
export class CallRunner {
  private readonly closing = new AbortController();
  private longCalls = 0;

  constructor(
    private readonly callers: CallerCheck,
    private readonly main: MainThread,
  ) {}

  /** Aborts the long calls. */
  close(): void {
    this.closing.abort(new GatewayError('DRAINING', 'The listener closes.'));
  }

  /**
   * Runs a call. Rejects with GatewayError, or with a bug.
   * @param send sends the response; a long call lasts until it resolves.
   */
  async run({ response, ...caller }: Caller, send: SendResponse): Promise<void> {
    const request = response.req;
    this.main.assertLogged();
    const tooMany = checkHeaderCount(request.rawHeaders, MAX_HEADERS);
    if (tooMany !== undefined) throw tooMany;
    const access = this.callers.check(request.headers, request.method ?? '');
    const [path, query] = splitTarget(request.url);
    const { route, params } = findRoute(request.method ?? '', path);
    if (route.access === 'change' && access === 'read') throw readOnly();
    if (route.body === undefined && hasBody(request))
      throw new GatewayError('PAYLOAD_TOO_LARGE', `${route.method} ${route.path} takes no body.`);
    const checked = readQuery(query, route.query);
    if (request.headers.expect !== undefined && route.body !== undefined) response.writeContinue();
    const body = route.body === undefined ? {} : await readBody(request, route.body, caller.signal);
    const input = { params, query: checked, body };
    await this.counted(route, async () => {
      if (route.isLong) request.socket.setTimeout(deadlineOf(route, input) + SILENCE_MS);
      const [answer, signal] = await this.answer(route, input, caller);
      await send(answer, signal);
    });
  }

  private async counted(route: AdminRoute, work: () => Promise<void>): Promise<void> {
    if (!route.isLong) return work();
    if (this.longCalls >= MAX_LONG_CALLS) {
      throw new GatewayError('OVERLOADED', `${MAX_LONG_CALLS} long calls are in progress already: end one of them.`);
    }
    this.longCalls += 1;
    try {
      await work();
    } finally {
      this.longCalls -= 1;
    }
  }

  private async answer(
    route: AdminRoute,
    input: AdminInput,
    caller: KnownCaller,
  ): Promise<[AdminResponse, AbortSignal]> {
    const { answeredBy } = route;
    const deadlineMs = deadlineOf(route, input);
    if ('main' in answeredBy) return [json(await this.main.ask(answeredBy.main, input, deadlineMs)), caller.signal];
    const until = route.isLong ? AbortSignal.any([caller.signal, this.closing.signal]) : caller.signal;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(unfinished(deadlineMs)), deadlineMs);
    try {
      const signal = AbortSignal.any([until, deadline.signal]);
      const work = Promise.resolve(answeredBy.worker({ ...input, ...caller, signal, main: this.main }));
      return [await Promise.race([work, rejection(signal)]), until];
    } finally {
      clearTimeout(timer);
    }
  }
}

function deadlineOf({ deadlineMs }: AdminRoute, { query }: AdminInput): number {
  return typeof deadlineMs === 'number' ? deadlineMs : deadlineMs(query);
}

/** Splits a target into its path and its query string. */
export function splitTarget(target = ''): [path: string, query: string] {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

/** Returns whether a request has a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function readOnly(): GatewayError {
  return new GatewayError(
    'PERMISSION_DENIED',
    'GATEWAY_ADMIN_READ_TOKEN is read-only: this call requires GATEWAY_ADMIN_AUTH_TOKEN.',
  );
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
