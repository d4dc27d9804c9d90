import type { CompiledRoute } from '../../contract/compiled-route.js';
import type { HttpBodyReader } from '../../contract/http-body.js';
import type { CallContext } from '../../domain/call-context.js';
import { accepts, notAcceptable } from '../../domain/accept.js';
import { allowedTenant } from '../response.js';
import { negotiateFormat, type StreamFormat } from './format.js';

/** The format of one stream, and how its messages are encoded. */
export interface StreamEncoding {
  readonly format: StreamFormat;
  /** Throws GatewayError UPSTREAM_ERROR or TENANT_LEAK_BLOCKED for a message that cannot be sent. */
  encode(message: Uint8Array): Buffer;
  /** Throws NOT_ACCEPTABLE when the client does not accept the type that the first message turned out to have. */
  checkAccepted(): void;
}

/** What a client and the policy ask of a stream. */
interface StreamWish {
  readonly accept: string | undefined;
  /** True if lines and arrays have heartbeats, too. */
  readonly lineHeartbeat: boolean;
}

/** Chooses the encoding of a stream. Throws NOT_ACCEPTABLE. */
export function chooseEncoding(rpc: CompiledRoute, call: CallContext, wish: StreamWish): StreamEncoding {
  const { accept, lineHeartbeat } = wish;
  if (rpc.httpBody !== undefined) return new RawEncoding(rpc.httpBody, accept);
  const tenant = allowedTenant(call);
  return {
    format: negotiateFormat(accept, lineHeartbeat),
    encode: (message) => rpc.responseWriter.write(message, tenant),
    checkAccepted: () => {},
  };
}

/** Sends the data of google.api.HttpBody messages as one body, in the media type of the first of them. */
class RawEncoding implements StreamEncoding {
  readonly format = new RawFormat();

  constructor(
    private readonly reader: HttpBodyReader,
    private readonly accept: string | undefined,
  ) {}

  encode(message: Uint8Array): Buffer {
    const { contentType, data } = this.reader.read(message);
    if (this.format.contentType === '') this.format.contentType = contentType;
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }

  checkAccepted(): void {
    const { contentType } = this.format;
    if (!accepts(this.accept, contentType)) throw notAcceptable([contentType]);
  }
}

/** A raw body can only signal an error by a broken connection. */
class RawFormat implements StreamFormat {
  contentType = '';
  readonly opening = '';
  readonly heartbeat = undefined;
  readonly closing = '';

  frame(data: Buffer): Buffer {
    return data;
  }

  failure(): undefined {
    return undefined;
  }
}
