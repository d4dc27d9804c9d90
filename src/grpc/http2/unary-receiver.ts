import type { CallEnd } from '../grpc-failure.js';
import { GrpcStatus } from '../grpc-code.js';
import { transportEnd } from './call-ends.js';
import { MessageReader } from './message-reader.js';
import { WIDE_STREAM_WINDOW } from './own-settings.js';
import type { Receiver } from './receiver.js';

const NOTHING = new Uint8Array();
const TOO_MANY = transportEnd(GrpcStatus.INTERNAL, 'Too many responses received');
const NO_MESSAGE = transportEnd(GrpcStatus.INTERNAL, 'No message received');

/** Takes the one message of a unary response, for a promise. */
export class UnaryReceiver implements Receiver {
  readonly windowBytes = WIDE_STREAM_WINDOW;
  readonly isHolding = false;
  private readonly reader: MessageReader;

  constructor(
    maxBytes: number,
    private readonly resolve: (message: Uint8Array) => void,
    readonly fail: (error: Error) => void,
  ) {
    this.reader = new MessageReader(maxBytes);
  }

  get missing(): CallEnd | undefined {
    return this.reader.message === undefined ? NO_MESSAGE : undefined;
  }

  data(bytes: Buffer, start: number, end: number): CallEnd | undefined {
    const { reader } = this;
    const read = reader.take(bytes, start, end);
    return reader.failure ?? (read < end ? TOO_MANY : undefined);
  }

  succeed(): void {
    this.resolve(this.reader.message ?? NOTHING);
  }
}
