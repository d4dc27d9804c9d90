import type { FastifyReply } from 'fastify';
import type { CallContext } from '../domain/call-context.js';

/**
 * Writes the durations of the stages of a request so far into `Server-Timing`, in ms; stages that were not reached are
 * omitted.
 */
export function writeServerTiming(reply: FastifyReply, call: CallContext): void {
  const { authnMs, authzMs, rateLimitMs, queueMs, upstream, startedAt, receiveMs } = call;
  const times = [
    ['receive', receiveMs],
    ['auth', authnMs + authzMs],
    ['ratelimit', rateLimitMs],
    ['queue', queueMs],
    ['upstream', upstream?.serviceMs ?? 0],
    ['total', performance.now() - startedAt],
  ] as const;
  const shown = times.filter(([, ms]) => ms > 0).map(([name, ms]) => `${name};dur=${ms.toFixed(3)}`);
  void reply.header('server-timing', shown.join(', '));
}
