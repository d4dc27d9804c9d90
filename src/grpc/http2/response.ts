import { GrpcStatus } from '../grpc-code.js';
import { type CallEnd, isGrpcType } from '../grpc-failure.js';
import { httpEnd, transportEnd } from './call-ends.js';
import type { Receiver } from './receiver.js';
import { Slot } from './response-fields.js';
import type { HeaderValues, ResponseHeaders } from './stream.js';
import { ResponseTrailers } from './response-trailers.js';

/** One of gRPC's codes as it must be written; `00`, `5.5` and nothing are none. */
const CODE = /^(?:0|[1-9]\d?)$/;
const HEADERS_TOO_LARGE = transportEnd(GrpcStatus.INTERNAL, 'Received headers larger than max');
const NO_STATUS = transportEnd(GrpcStatus.INTERNAL, 'Call ended without gRPC status');
const MALFORMED = transportEnd(GrpcStatus.INTERNAL, 'Received headers or data out of order');

/** How a response stands: complete, failed, or to be continued. */
export type Progress = 'complete' | CallEnd | undefined;

/** Reads the response of a call (gRPC over HTTP2, "Responses") and judges who speaks: backend or something on the way. */
export class Response {
  /** Headers of a gRPC response came, and more was to follow. */
  grpcHeaders = false;
  private hasBegun = false;
  private httpStatus = '';
  private isGrpc = false;

  constructor(private readonly receiver: Receiver) {}

  /** Nothing has come yet that speaks against asking somebody else. */
  get isUntouched(): boolean {
    return !this.hasBegun;
  }

  headers({ values, isTooLarge, endsStream }: ResponseHeaders): Progress {
    if (isTooLarge) return HEADERS_TOO_LARGE;
    if (this.hasBegun) return endsStream ? this.finish(values) : MALFORMED;
    const httpStatus = values[Slot.HTTP_STATUS] ?? '';
    if (httpStatus.startsWith('1')) return endsStream ? MALFORMED : undefined;
    this.hasBegun = true;
    this.httpStatus = httpStatus;
    this.isGrpc = isGrpcType(values[Slot.CONTENT_TYPE]);
    if (endsStream) return this.finish(values);
    this.grpcHeaders = this.isGrpc;
    return this.isGrpc ? undefined : httpEnd(httpStatus);
  }

  data(bytes: Buffer, start: number, end: number): Progress {
    return this.hasBegun ? this.receiver.data(bytes, start, end) : MALFORMED;
  }

  /** The stream ended with data. */
  end(): Progress {
    return this.httpStatus === '200' ? NO_STATUS : httpEnd(this.httpStatus);
  }

  private finish(values: HeaderValues): Progress {
    const code = values[Slot.GRPC_STATUS];
    if (code === '0') return this.receiver.lack ?? 'complete';
    if (code === undefined) return httpEnd(this.httpStatus);
    if (!CODE.test(code)) return transportEnd(undefined, `Received grpc-status ${JSON.stringify(code)}`);
    return {
      origin: this.isGrpc && Number(code) <= GrpcStatus.UNAUTHENTICATED ? 'app' : 'transport',
      code: Number(code),
      details: decodeMessage(values[Slot.GRPC_MESSAGE]),
      metadata: new ResponseTrailers(values),
      grpcHeaders: this.grpcHeaders,
    };
  }
}

/** grpc-message is percent-encoded; what is not, stays as it is. */
function decodeMessage(message = ''): string {
  if (!message.includes('%')) return message;
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
