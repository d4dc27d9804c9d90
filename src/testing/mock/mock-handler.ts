import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { DescMethod } from '@bufbuild/protobuf';
import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  sendUnaryData,
  ServerDuplexStream,
  ServerWritableStream,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { type MockFaults, MockFaultError } from './mock-fault.js';
import type { MockResponses } from './mock-responses.js';
import { MockStatus } from './mock-status.js';

/** Messages and pauses of a stream of the mock. */
export interface MockStream {
  /** Number of messages of a server stream. */
  readonly messages: number;
  /** Pause before each message except the first. */
  readonly intervalMs: number;
}

/** Dependencies of the handler of an RPC. */
export interface HandlerParts {
  readonly method: DescMethod;
  readonly responses: MockResponses;
  readonly faults: MockFaults;
  readonly stream: MockStream;
}

type Bytes = Uint8Array;

/** Creates the handler of an RPC of any of the four kinds. */
export function mockHandler(parts: HandlerParts): UntypedHandleCall {
  const { methodKind } = parts.method;
  if (methodKind === 'unary') return unary(parts);
  if (methodKind === 'server_streaming') return serverStream(parts);
  return methodKind === 'client_streaming' ? clientStream(parts) : bidiStream(parts);
}

function unary(parts: HandlerParts): handleUnaryCall<Bytes, Bytes> {
  const { responses } = parts;
  return (call, respond) => {
    const answer = async () => {
      const request = responses.readRequest(call.request);
      await obey(parts, call.metadata, request, cancellationOf(call));
      return responses.write(request, call.metadata);
    };
    respondWith(answer(), respond);
  };
}

/** Responds once, to the last message. */
function clientStream(parts: HandlerParts): handleClientStreamingCall<Bytes, Bytes> {
  const { responses } = parts;
  return (call, respond) => {
    const signal = cancellationOf(call);
    const answer = async () => {
      let last = responses.readRequest(new Uint8Array());
      for await (const bytes of call as AsyncIterable<Bytes>) last = responses.readRequest(bytes);
      await obey(parts, call.metadata, last, signal);
      return responses.write(last, call.metadata);
    };
    respondWith(answer(), respond);
  };
}

function serverStream(parts: HandlerParts): handleServerStreamingCall<Bytes, Bytes> {
  const { responses, stream } = parts;
  return (call) => {
    const signal = cancellationOf(call);
    const send = async () => {
      const request = responses.readRequest(call.request);
      await obey(parts, call.metadata, request, signal);
      for (let ordinal = 1; ordinal <= stream.messages; ordinal++) {
        if (ordinal > 1 && stream.intervalMs > 0) await pause(stream.intervalMs, undefined, { signal });
        await write(call, responses.write(request, call.metadata, ordinal), signal);
      }
    };
    endAfter(send(), call, signal);
  };
}

/** Responds to each message with one. */
function bidiStream(parts: HandlerParts): handleBidiStreamingCall<Bytes, Bytes> {
  const { responses } = parts;
  return (call) => {
    const signal = cancellationOf(call);
    const answer = async () => {
      let ordinal = 0;
      for await (const bytes of call as AsyncIterable<Bytes>) {
        const request = responses.readRequest(bytes);
        await obey(parts, call.metadata, request, signal);
        await write(call, responses.write(request, call.metadata, ++ordinal), signal);
      }
    };
    endAfter(answer(), call, signal);
  };
}

type OutgoingStream = ServerWritableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>;

/** Returns a signal that is aborted when the call is cancelled. */
function cancellationOf(call: { on(event: 'cancelled', listener: () => void): unknown }): AbortSignal {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  return controller.signal;
}

/** Sends a message, and waits while the client does not read. */
async function write(call: OutgoingStream, message: Bytes, signal: AbortSignal): Promise<void> {
  if (!call.write(message)) await once(call, 'drain', { signal });
}

function respondWith(answer: Promise<Bytes>, respond: sendUnaryData<Bytes>): void {
  answer.then(
    (bytes) => respond(null, bytes),
    (error: unknown) => respond(statusOf(error)),
  );
}

function endAfter(messages: Promise<void>, call: OutgoingStream, signal: AbortSignal): void {
  messages.then(
    () => call.end(),
    (error: unknown) => void (signal.aborted || call.emit('error', statusOf(error))),
  );
}

/** Waits for the delay of the call, then throws its fault. */
async function obey(
  { faults, method }: HandlerParts,
  metadata: Metadata,
  request: ReflectMessage,
  signal: AbortSignal,
): Promise<void> {
  const { code, delayMs } = faults.of(method, metadata, request);
  if (delayMs > 0) await pause(delayMs, undefined, { signal });
  if (code !== undefined) throw new MockStatus(code, `the mock is configured to fail with ${code}`);
}

function statusOf(error: unknown): MockStatus {
  if (error instanceof MockStatus) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new MockStatus(error instanceof MockFaultError ? 'INVALID_ARGUMENT' : 'INTERNAL', reason);
}
