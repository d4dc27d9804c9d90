import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { StreamQueryRequest, StreamQueryResponse } from '../../src/gen/ai/v1/ai_pb.js';
import { rpcError } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { tokensOf } from './answer.js';
import { parseQueryOptions } from './query-options.js';

const DEFAULT_PAUSE_MS = 3;

export type AnswerStream = ServerWritableStream<Wire<StreamQueryRequest>, Partial<Wire<StreamQueryResponse>>>;

/**
 * Writes the answer token by token and then as a whole. Waits while the reader is behind; the signal stops it immediately.
 * Does not end the call. Throws what the query asks for.
 */
export async function streamAnswer(call: AnswerStream, sessionId: string, signal: AbortSignal): Promise<void> {
  const { query } = call.request;
  const options = parseQueryOptions(query);
  const pauseMs = options.pauseMs ?? DEFAULT_PAUSE_MS;
  const failure = rpcError(options.failWith, 'the answer failed because the query asked for it');
  let response = '';
  let count = 0;
  for (const token of tokensOf(query, options)) {
    if (count++ === options.failAfter) throw failure;
    if (pauseMs > 0) await pause(pauseMs, undefined, { signal });
    signal.throwIfAborted();
    response += token;
    if (!call.write({ sessionId, token })) await once(call, 'drain', { signal });
  }
  if (options.failAfter !== undefined) throw failure;
  call.write({ sessionId, answer: { response } });
}
