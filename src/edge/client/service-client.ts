import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
// oxlint-disable-next-line no-restricted-imports -- what Nest's ClientGrpc returns is an Observable
import { Observable, type Subscriber } from 'rxjs';
import { internalMethod } from '../../contract/internal-method.js';
import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import type { ResponseReader, UpstreamCall } from '../../traffic/call.js';
import type { CallStack } from '../../traffic/stack.js';
import type { CurrentCall } from './current-call.js';

/** Typed client of a generated service: `ServiceClient<typeof UserService>`. */
export type ServiceClient<S extends { readonly method: Record<string, DescMethod> }> = {
  readonly [K in keyof S['method']]: ClientMethod<S['method'][K]>;
};

/**
 * Makes the call when it is subscribed to. Without `context` the call belongs to the request that the explicit method
 * serves.
 */
type ClientMethod<M extends DescMethod> = (
  request: MessageInitShape<M['input']>,
  context?: CallContext,
) => Observable<MessageShape<M['output']>>;

type AnyMethod = (request: Record<string, unknown>, context?: CallContext) => Observable<object>;

/** Dependencies of the calls of a client. */
export interface ClientParts {
  readonly stack: CallStack;
  readonly current: CurrentCall;
}

/** Returns an object with a method for each RPC of a service, under its name in the proto and in camel case, as Nest's has. */
export function serviceClient(service: DescService, parts: ClientParts): Record<string, AnyMethod> {
  const client: Record<string, AnyMethod> = {};
  for (const rpc of service.methods) client[rpc.localName] = client[rpc.name] = clientMethod(rpc, parts);
  return client;
}

function clientMethod(rpc: DescMethod, { stack, current }: ClientParts): AnyMethod {
  const isStream = rpc.methodKind === 'server_streaming';
  if (rpc.methodKind !== 'unary' && !isStream) {
    return () => {
      throw new TypeError(`${rpc.parent.typeName}/${rpc.name} streams its requests: the gateway has no such calls`);
    };
  }
  const method = internalMethod(rpc);
  return (message, given) => {
    const around = current.get();
    const context = given ?? around?.context;
    if (context === undefined) throw new TypeError(outsideText(rpc));
    const ends = given === undefined ? around!.signal : context.signal;
    return new Observable((subscriber) => {
      const request = toBinary(rpc.input, create(rpc.input, message));
      const reader = new MessageReader(rpc.output);
      const left = new AbortController();
      const signal = AbortSignal.any([ends, left.signal]);
      const call = { context, method, request, deadlineAt: context.deadlineAt, reader, signal };
      const run = isStream ? emitAll(stack, call, subscriber) : emitOne(stack, call, subscriber);
      run.catch((error: unknown) => subscriber.error(error));
      return () => left.abort();
    });
  };
}

function outsideText({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name} was called outside of an explicit method: give it the context of its request`;
}

/** A call whose responses are decoded to messages. */
interface MessageCall extends UpstreamCall {
  readonly reader: MessageReader;
}

async function emitOne(stack: CallStack, call: MessageCall, subscriber: Subscriber<object>): Promise<void> {
  const bytes = await stack.unary(call);
  subscriber.next(call.reader.messageOf(bytes));
  subscriber.complete();
}

async function emitAll(stack: CallStack, call: MessageCall, subscriber: Subscriber<object>): Promise<void> {
  const stream = await stack.openStream(call);
  subscriber.add(() => stream.cancel());
  for await (const bytes of stream) {
    try {
      subscriber.next(call.reader.messageOf(bytes));
    } catch (error) {
      throw stream.attributeFailure(error);
    }
  }
  subscriber.complete();
}

/** Decodes one response of an upstream to a message. */
class MessageReader implements ResponseReader {
  private bytes: Uint8Array | undefined;
  private message: object | undefined;

  constructor(private readonly type: DescMessage) {}

  /** Decodes the response while a failure still counts as an upstream fault. */
  read(bytes: Uint8Array): void {
    try {
      this.message = fromBinary(this.type, bytes);
    } catch (error) {
      throw new GatewayError('UPSTREAM_ERROR', `The response is not a ${this.type.typeName}.`, { cause: error });
    }
    this.bytes = bytes;
  }

  /** Returns the decoded message, or decodes a response that came from a cache or a fallback. */
  messageOf(bytes: Uint8Array): object {
    if (this.message === undefined || bytes !== this.bytes) this.read(bytes);
    return this.message!;
  }
}
