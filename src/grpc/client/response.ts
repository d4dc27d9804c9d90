import { GrpcStatus } from '../grpc-code.js';
import { type CallEnd, isGrpcType } from '../grpc-failure.js';
import type { HeaderSink } from '../transport.js';
import { httpEnd, malformedEnd, transportEnd } from '../call-ends.js';
import type { FieldSelection } from '../h2/field-selection.js';
import { ResponseTrailers, Slot } from './response-fields.js';
import { type HeaderValues, isInformational, type ResponseHeaders } from '../h2/stream.js';
import type { GatewayError } from '../../domain/errors.js';

/** One of gRPC's codes as it must be written; `00`, `5.5` and nothing are none. */
const CODE = /^(?:0|[1-9]\d?)$/;
const HEADERS_TOO_LARGE = transportEnd(GrpcStatus.INTERNAL, 'Received headers larger than max');
const NO_STATUS = transportEnd(GrpcStatus.INTERNAL, 'Call ended without gRPC status');
const NO_LENGTH = -1;
/** RFC 9113, section 8.3.2: three digits, and no 101. */
const HTTP_STATUS = /^[1-9]\d\d$/;
const LENGTH = /^\d{1,15}$/;

const DATA_FIRST = malformedEnd('DATA before HEADERS');
const ENDS_WITH_1XX = malformedEnd('informational response ends the stream');
const SECOND_HEADERS = malformedEnd('second HEADERS without END_STREAM');
const STATUS_IN_TRAILERS = malformedEnd('pseudo-header in trailers');
const NO_HTTP_STATUS = malformedEnd('no valid :status');
const SWITCHING = malformedEnd(':status 101');
const BAD_TE = malformedEnd('te other than trailers');
const BAD_LENGTH = malformedEnd('content-length is not a number');
const WRONG_LENGTH = malformedEnd('content-length differs from the length of DATA');

/** Where headers go that a policy lets through, and where they stand in a block. */
export interface PassedHeaders {
  readonly sink: HeaderSink;
  readonly fields: FieldSelection;
}

/** How a response stands: complete, failed, or to be continued. */
export type Progress = 'complete' | CallEnd | undefined;

/** Reads the response of a call (gRPC over HTTP2, "Responses") and judges who speaks: backend or something on the way. */
export class Response {
  /** Headers of a gRPC response came, and more was to follow. */
  grpcHeaders = false;
  private hasBegun = false;
  private httpStatus = '';
  private isGrpc = false;
  private contentLength = NO_LENGTH;
  private received = 0;

  /** @param passed where headers go that the policy lets through. */
  constructor(
    private readonly receiver: Receiver,
    private readonly passed?: PassedHeaders,
  ) {}

  /** Nothing has come yet that speaks against asking somebody else. */
  get isUnprocessed(): boolean {
    return !this.hasBegun;
  }

  headers(block: ResponseHeaders): Progress {
    const { values, flaw, isTooLarge, endsStream } = block;
    if (flaw !== undefined) return malformedEnd(flaw);
    if (isTooLarge) return HEADERS_TOO_LARGE;
    if (values[Slot.TE] !== undefined && values[Slot.TE] !== 'trailers') return BAD_TE;
    if (this.hasBegun) return this.trailers(values, endsStream);
    const problem = headProblem(values, endsStream);
    if (problem !== undefined || isInformational(values)) return problem;
    return this.begin(values, endsStream);
  }

  data(bytes: Buffer, start: number, end: number): Progress {
    if (!this.hasBegun) return DATA_FIRST;
    this.received += end - start;
    if (this.contentLength !== NO_LENGTH && this.received > this.contentLength) return WRONG_LENGTH;
    return this.receiver.data(bytes, start, end);
  }

  /** The stream ended with data. */
  end(): Progress {
    if (!this.hasBegun) return DATA_FIRST;
    return this.httpStatus === '200' ? NO_STATUS : httpEnd(this.httpStatus);
  }

  private begin(values: HeaderValues, endsStream: boolean): Progress {
    const length = values[Slot.CONTENT_LENGTH];
    this.hasBegun = true;
    this.httpStatus = values[Slot.HTTP_STATUS] ?? '';
    this.isGrpc = isGrpcType(values[Slot.CONTENT_TYPE]);
    if (length !== undefined) {
      if (!LENGTH.test(length)) return BAD_LENGTH;
      this.contentLength = Number(length);
    }
    if (endsStream) return this.finish(values);
    // The status of HTTP speaks before that of gRPC, as in grpc-go.
    if (!this.isGrpc || this.httpStatus !== '200') return httpEnd(this.httpStatus);
    this.grpcHeaders = true;
    if (this.passed !== undefined) passHeaders(this.passed, values);
    return undefined;
  }

  private trailers(values: HeaderValues, endsStream: boolean): Progress {
    if (values[Slot.HTTP_STATUS] !== undefined) return STATUS_IN_TRAILERS;
    return endsStream ? this.finish(values) : SECOND_HEADERS;
  }

  private finish(values: HeaderValues): Progress {
    if (this.contentLength !== NO_LENGTH && this.received !== this.contentLength) return WRONG_LENGTH;
    const code = values[Slot.GRPC_STATUS];
    if (code === '0') {
      if (this.passed !== undefined) passHeaders(this.passed, values);
      return this.receiver.missing ?? 'complete';
    }
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

/** The sink takes the first value of a name, so that headers come before trailers. */
function passHeaders({ sink, fields }: PassedHeaders, values: HeaderValues): void {
  for (const name of sink.names) {
    const value = values[fields.slotOf(name)];
    if (value !== undefined) sink.set(name, value);
  }
}

/** Returns what is wrong with the pseudo-header of a header block that begins a response. */
function headProblem(values: HeaderValues, endsStream: boolean): CallEnd | undefined {
  const status = values[Slot.HTTP_STATUS];
  if (status === '200') return undefined;
  if (status === undefined || !HTTP_STATUS.test(status)) return NO_HTTP_STATUS;
  if (status === '101') return SWITCHING;
  return endsStream && isInformational(values) ? ENDS_WITH_1XX : undefined;
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

/** Whom the response of a call is for. It is told one end: success, or a failure. */
export interface Receiver {
  /** What its stream's window grows to, in bytes. */
  readonly windowBytes: number;
  /** Releases received bytes when they have been read, and not immediately. */
  readonly isHolding: boolean;
  /** Takes data in, copying it. Returns why the call has failed, if it has. */
  data(bytes: Buffer, start: number, end: number): CallEnd | undefined;
  /** What a response that ends here with OK lacks. */
  readonly missing: CallEnd | undefined;
  succeed(): void;
  fail(error: GatewayError): void;
}
