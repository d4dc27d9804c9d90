import { setTimeout as pause } from 'node:timers/promises';
import type { DescMethod } from '@bufbuild/protobuf';
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import { type MockFaults, MockFaultError } from './mock-fault.js';
import type { MockResponses } from './mock-responses.js';
import { MockStatus } from './mock-status.js';

/** What a stream of the mock is like. */
export interface MockStream {
  /** Messages of a server stream. */
  readonly messages: number;
  /** Pause before each message but the first. */
  readonly intervalMs: number;
}

/** What the handler of an RPC needs. */
export interface HandlerParts {
  readonly method: DescMethod;
  readonly responses: MockResponses;
  readonly faults: MockFaults;
  readonly stream: MockStream;
}

type Bytes = Uint8Array;

/** Makes the handler of an RPC, of whichever of the four kinds it is. */
export function mockHandler(parts: HandlerParts): UntypedHandleCall {
  const { methodKind } = parts.method;
  if (methodKind === 'unary') return unary(parts);
  if (methodKind === 'server_streaming') return serverStream(parts);
  return methodKind === 'client_streaming' ? clientStream(parts) : bidiStream(parts);
}

function unary(parts: HandlerParts): handleUnaryCall<Bytes, Bytes> {
  const { responses } = parts;
  return (call, respond) => {
    const request = responses.readRequest(call.request);
    const answer = async () => {
      await obey(parts, call.metadata, request);
      return responses.write(request, call.metadata);
    };
    answer().then(
      (bytes) => respond(null, bytes),
      (error: unknown) => respond(statusOf(error)),
    );
  };
}

function clientStream(parts: HandlerParts): handleClientStreamingCall<Bytes, Bytes> {
  const { responses } = parts;
  return (call, respond) => {
    const answer = async () => {
      let last = responses.readRequest(new Uint8Array());
      for await (const bytes of call as AsyncIterable<Bytes>) last = responses.readRequest(bytes);
      await obey(parts, call.metadata, last);
      return responses.write(last, call.metadata);
    };
    answer().then(
      (bytes) => respond(null, bytes),
      (error: unknown) => respond(statusOf(error)),
    );
  };
}

function serverStream(parts: HandlerParts): handleServerStreamingCall<Bytes, Bytes> {
  const { responses, stream } = parts;
  return (call) => {
    const stopped = new AbortController();
    call.on('cancelled', () => stopped.abort());
    const send = async () => {
      const request = responses.readRequest(call.request);
      await obey(parts, call.metadata, request, stopped.signal);
      for (let ordinal = 1; ordinal <= stream.messages; ordinal++) {
        if (ordinal > 1) await pause(stream.intervalMs, undefined, { signal: stopped.signal });
        call.write(responses.write(request, call.metadata, ordinal));
      }
    };
    send().then(
      () => call.end(),
      (error: unknown) => void (stopped.signal.aborted || call.emit('error', statusOf(error))),
    );
  };
}

/** Answers each message with one. */
function bidiStream(parts: HandlerParts): handleBidiStreamingCall<Bytes, Bytes> {
  const { responses } = parts;
  return (call) => {
    const answer = async () => {
      let ordinal = 0;
      for await (const bytes of call as AsyncIterable<Bytes>) {
        const request = responses.readRequest(bytes);
        await obey(parts, call.metadata, request);
        call.write(responses.write(request, call.metadata, ++ordinal));
      }
    };
    answer().then(
      () => call.end(),
      (error: unknown) => void call.emit('error', statusOf(error)),
    );
  };
}

/** Waits as long as the call is to take, and throws what it is to fail with. */
async function obey(
  { faults, method }: HandlerParts,
  metadata: Metadata,
  request: ReflectMessage,
  signal?: AbortSignal,
): Promise<void> {
  const { code, delayMs } = faults.of(method, metadata, request);
  if (delayMs > 0) await pause(delayMs, undefined, { signal });
  if (code !== undefined) throw new MockStatus(code, `the mock was told to fail with ${code}`);
}

function statusOf(error: unknown): MockStatus {
  if (error instanceof MockStatus) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new MockStatus(error instanceof MockFaultError ? 'INVALID_ARGUMENT' : 'INTERNAL', reason);
}
