import type { DescField } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { RequestCodec, RequestInput } from '../codec.js';

/** Field numbers of google.api.HttpBody. */
const CONTENT_TYPE = 1;
const DATA = 2;

/** Writes the body of a request unchanged into its google.api.HttpBody, with its Content-Type. */
export class RawBodyCodec implements RequestCodec {
  /**
   * @param rest encodes everything except the body.
   * @param field the HttpBody in the request message; undefined when the request message is the HttpBody itself.
   */
  constructor(
    private readonly rest: RequestCodec,
    private readonly field: DescField | undefined,
  ) {}

  encode(input: RequestInput): Uint8Array {
    const { body, contentType = '' } = input;
    const rest = this.rest.encode({ ...input, body: undefined });
    if (body === undefined && contentType === '') return rest;
    const data = body ?? new Uint8Array();
    const head = encodeHead(contentType, data.length);
    const prefix = this.field === undefined ? new Uint8Array() : encodePrefix(this.field, head.length + data.length);
    return Buffer.concat([rest, prefix, head, data]);
  }
}

function encodePrefix({ number }: DescField, length: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish();
}

/** Encodes the HttpBody up to its data, which is last. */
function encodeHead(contentType: string, length: number): Uint8Array {
  const writer = new BinaryWriter();
  if (contentType !== '') writer.tag(CONTENT_TYPE, WireType.LengthDelimited).string(contentType);
  return writer.tag(DATA, WireType.LengthDelimited).uint32(length).finish();
}
