import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type {
  CheckChunkRequest,
  CheckRequestRequest,
  CheckRequestResponse,
  CheckResponseRequest,
} from '../../src/gen/guardrail/v1/guardrail_pb.js';
import type { Wire } from '../backend/wire.js';
import { BlockedWord } from './blocked-word.js';

/** The verdict of any check. */
type Answer = Wire<CheckRequestResponse>;

/** A message as the loader gives it. */
type AnyMessage = { readonly value?: Uint8Array } | null | undefined;

/** guardrail.v1.GuardrailService. */
@Controller()
export class GuardrailController {
  constructor(private readonly word: BlockedWord) {}

  @GrpcMethod('GuardrailService')
  checkRequest({ message }: Wire<CheckRequestRequest>): Answer {
    return this.judge([message]);
  }

  @GrpcMethod('GuardrailService')
  checkResponse({ message }: Wire<CheckResponseRequest>): Answer {
    return this.judge([message]);
  }

  @GrpcMethod('GuardrailService')
  checkChunk({ messages }: Wire<CheckChunkRequest>): Answer {
    return this.judge(messages);
  }

  private judge(messages: readonly AnyMessage[]): Answer {
    const isBlocked = messages.some((message) => message?.value !== undefined && this.word.isIn(message.value));
    const verdict = isBlocked
      ? { decision: 'DECISION_BLOCK', reason: 'blocked_word' }
      : { decision: 'DECISION_ALLOW', reason: '' };
    return { verdict } as Answer;
  }
}
