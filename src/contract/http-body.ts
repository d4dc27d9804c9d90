import { type DescField, type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { GatewayError } from '../domain/errors.js';
import { type HttpBody, HttpBodySchema } from '../gen/google/api/httpbody_pb.js';
import type { Route } from './route.js';

/** Type and parameters (RFC 9110 8.3.1), or nothing; it is sent as a header unchanged. */
const MEDIA_TYPE = /^(?:[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}[\x20-\x7e]{0,256})?$/;

const UNKNOWN_TYPE = 'application/octet-stream';

/** Content that is sent unchanged, and its media type. */
export interface RawContent {
  readonly contentType: string;
  readonly data: Uint8Array;
}

/** Returns whether the body of a request is the content of a google.api.HttpBody, in any media type. */
export function takesRawBody({ body, desc }: Pick<Route, 'body' | 'desc'>): boolean {
  return body !== undefined && isHttpBody(body === '*' ? desc.input : messageOf(body));
}

/** Returns whether the body of a response is the content of a google.api.HttpBody. */
export function hasRawResponse({ responseBody, desc }: Pick<Route, 'responseBody' | 'desc'>): boolean {
  return isHttpBody(responseBody === undefined ? desc.output : messageOf(responseBody));
}

/** Compiles the reader of responses whose body is a google.api.HttpBody; undefined for routes with a JSON response. */
export function compileHttpBodyReader(route: Route): HttpBodyReader | undefined {
  return hasRawResponse(route) ? new HttpBodyReader(route.desc.output, route.responseBody) : undefined;
}

/** Extracts the content of response messages. */
export class HttpBodyReader {
  constructor(
    private readonly message: DescMessage,
    private readonly field: DescField | undefined,
  ) {}

  /** Throws GatewayError UPSTREAM_ERROR for bytes that cannot be decoded, and for an invalid content type. */
  read(bytes: Uint8Array): RawContent {
    const { contentType, data } = this.decode(bytes);
    if (MEDIA_TYPE.test(contentType)) return { contentType: contentType || UNKNOWN_TYPE, data };
    throw unreadableResponse(new Error('content_type of google.api.HttpBody is not a media type'));
  }

  private decode(bytes: Uint8Array): HttpBody {
    try {
      if (this.field === undefined) return fromBinary(HttpBodySchema, bytes);
      const outer = reflect(this.message, fromBinary(this.message, bytes));
      return outer.get(this.field as DescField & { fieldKind: 'message' }).message as HttpBody;
    } catch (error) {
      throw unreadableResponse(error);
    }
  }
}

function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === 'message' ? field.message : undefined;
}

function isHttpBody(message: DescMessage | undefined): boolean {
  return message?.typeName === HttpBodySchema.typeName;
}

/** Returns the error for a response that cannot be decoded or cannot be sent. */
export function unreadableResponse(cause: unknown): GatewayError {
  return new GatewayError('UPSTREAM_ERROR', 'The service sent a response that cannot be read.', { cause });
}
