import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { GuardrailPhase } from '../../src/domain/call-context.js';
import {
  CheckChunkRequestSchema,
  CheckRequestRequestSchema,
  CheckRequestResponseSchema,
  Decision,
  GuardrailService,
} from '../../src/gen/guardrail/v1/guardrail_pb.js';
import { type BytesCall, entries, type GrpcBackend, grpcBackend } from './grpc-backend.js';

/** One check as it arrived. */
export interface ReceivedCheck {
  readonly phase: GuardrailPhase;
  readonly method: string;
  readonly types: readonly string[];
  readonly texts: readonly string[];
  readonly firstIndex: number;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Answers a check with bytes, or with a gRPC status by throwing. */
export type CheckAnswer = (check: ReceivedCheck) => Buffer | Promise<Buffer>;

/** Answers nothing. */
export const HANG: CheckAnswer = () => new Promise<Buffer>(() => undefined);
export const ALLOW: CheckAnswer = () => verdict({ decision: Decision.ALLOW });

/** Answers the first check of one phase in its way, and allows all others. */
export function once(phase: GuardrailPhase, answer: CheckAnswer): CheckAnswer {
  let isDone = false;
  return (check) => {
    if (isDone || check.phase !== phase) return ALLOW(check);
    isDone = true;
    return answer(check);
  };
}

/** The bytes of a verdict. */
export function verdict(init: MessageInitShape<typeof CheckRequestResponseSchema>['verdict']): Buffer {
  const message = create(CheckRequestResponseSchema, init === undefined ? {} : { verdict: init });
  return Buffer.from(toBinary(CheckRequestResponseSchema, message));
}

/** A guardrail on a real gRPC server that answers as a test says, and keeps what it was asked. */
export class GuardrailStub {
  answer: CheckAnswer = ALLOW;
  readonly checks: ReceivedCheck[] = [];
  /** Checks that their client gave up. */
  cancelled = 0;
  /** Most checks of the phase `chunk` that were under way together. */
  mostChunksAtOnce = 0;
  private chunksNow = 0;

  private constructor(private backend: GrpcBackend) {}

  static async start(): Promise<GuardrailStub> {
    const paths: [string, GuardrailPhase][] = [
      [GuardrailService.method.checkRequest.name, 'request'],
      [GuardrailService.method.checkResponse.name, 'response'],
      [GuardrailService.method.checkChunk.name, 'chunk'],
    ];
    const take = (phase: GuardrailPhase) => (call: BytesCall) => stub.take(phase, call);
    const unary = Object.fromEntries(
      paths.map(([name, phase]) => [`/${GuardrailService.typeName}/${name}`, take(phase)]),
    );
    const stub: GuardrailStub = new GuardrailStub(await grpcBackend({ unary }));
    return stub;
  }

  /** host:port. */
  get address(): string {
    return this.backend.target.replace('dns:///', '');
  }

  reset(): void {
    this.answer = ALLOW;
    this.checks.length = 0;
    this.cancelled = 0;
    this.mostChunksAtOnce = 0;
  }

  close(): void {
    this.backend.close();
  }

  private async take(phase: GuardrailPhase, call: BytesCall): Promise<Buffer> {
    const check = read(phase, call);
    this.checks.push(check);
    call.once('cancelled', () => (this.cancelled += 1));
    if (phase !== 'chunk') return this.answer(check);
    this.chunksNow += 1;
    this.mostChunksAtOnce = Math.max(this.mostChunksAtOnce, this.chunksNow);
    try {
      return await Promise.race([this.answer(check), gone(call)]);
    } finally {
      this.chunksNow -= 1;
    }
  }
}

function gone(call: BytesCall): Promise<never> {
  return new Promise((_, reject) => call.once('cancelled', () => reject(new Error('cancelled'))));
}

function read(phase: GuardrailPhase, { request, metadata }: BytesCall): ReceivedCheck {
  const { method, messages, firstIndex } =
    phase === 'chunk' ? fromBinary(CheckChunkRequestSchema, request) : single(request);
  return {
    phase,
    method,
    types: messages.map(({ typeUrl }) => typeUrl),
    texts: messages.map(({ value }) => Buffer.from(value).toString()),
    firstIndex: Number(firstIndex),
    metadata: entries(metadata),
  };
}

function single(bytes: Buffer) {
  const { method, message } = fromBinary(CheckRequestRequestSchema, bytes);
  return { method, messages: message === undefined ? [] : [message], firstIndex: 0n };
}
