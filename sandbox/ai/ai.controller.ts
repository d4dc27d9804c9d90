import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { EMPTY, type Observable } from 'rxjs';
import type { ProcessQueryRequest, ProcessQueryResponse, StreamQueryRequest } from '../../src/gen/ai/v1/ai_pb.js';
import { emptyFields, refuseIfAny, rpcError } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { answerTo } from './answer.js';
import { untilCancelled } from './cancellation.js';
import { Plans } from './plans.js';
import { parseQueryOptions } from './query-options.js';
import { type AnswerStream, streamAnswer } from './stream.js';

/** ai.v1.AIService. */
@Controller()
export class AIController {
  constructor(private readonly plans: Plans) {}

  @GrpcMethod('AIService')
  async processQuery(
    request: Wire<ProcessQueryRequest>,
    metadata: Metadata,
    call: EventEmitter,
  ): Promise<Wire<ProcessQueryResponse>> {
    const { query, confirmation } = request;
    const sessionId = request.sessionId || newSessionId();
    const owner = String(metadata.get('x-gateway-subject')[0] ?? '');
    if (confirmation !== null && confirmation !== undefined) {
      const planned = this.plans.settle(owner, sessionId, confirmation);
      const response = confirmation.confirmed ? `Done. ${answerTo(planned)}` : 'Nothing was done.';
      return { sessionId, answer: { response } };
    }
    refuseIfAny(emptyFields({ query }));
    await untilCancelled(call, (signal) => behave(query, signal));
    if (this.plans.isNeeded(query)) return { sessionId, plan: this.plans.make(owner, sessionId, query) };
    return { sessionId, answer: { response: answerTo(query) } };
  }

  /** Writes to the call itself: an Observable has no way to wait for a slow reader. */
  @GrpcMethod('AIService')
  async streamQuery(
    request: Wire<StreamQueryRequest>,
    _metadata: Metadata,
    call: AnswerStream,
  ): Promise<Observable<never>> {
    refuseIfAny(emptyFields({ query: request.query }));
    const sessionId = request.sessionId || newSessionId();
    await untilCancelled(call, (signal) => streamAnswer(call, sessionId, signal));
    return EMPTY;
  }
}

async function behave(query: string, signal: AbortSignal): Promise<void> {
  const { pauseMs, failAfter, failWith } = parseQueryOptions(query);
  if (pauseMs !== undefined) await pause(pauseMs, undefined, { signal });
  if (failAfter !== undefined) throw rpcError(failWith, 'the answer failed because the query asked for it');
}

function newSessionId(): string {
  return `session-${randomUUID()}`;
}
