import { IDENTITY_KEYS, REQUEST_KEYS } from '../metadata.js';
import type { TransportCall } from '../transport.js';
import { fieldNames, HpackEncoder } from './hpack-encoder.js';
import { Flag, FRAME_HEADER, FrameType } from './frames.js';
import type { WriteBuffer } from './write-buffer.js';
import type { PeerSettings } from './peer-settings.js';
import { ENTRY_OVERHEAD } from './static-table.js';

const OWN_NAMES = [
  ':path',
  ':authority',
  'te',
  'content-type',
  'user-agent',
  'grpc-accept-encoding',
  'grpc-timeout',
] as const;
const NAMES = fieldNames([...OWN_NAMES, ...IDENTITY_KEYS, ...REQUEST_KEYS]);
const [PATH, AUTHORITY, TE, CONTENT_TYPE, USER_AGENT, ACCEPT_ENCODING, TIMEOUT] = NAMES;
const IDENTITY = NAMES.slice(OWN_NAMES.length, OWN_NAMES.length + IDENTITY_KEYS.length);
const REQUEST = NAMES.slice(OWN_NAMES.length + IDENTITY_KEYS.length);

// Entries of the static table.
const METHOD_POST = 3;
const SCHEME_HTTP = 6;
const SCHEME_HTTPS = 7;

/** The fields of every call, except for what differs: the values of `:path` and `:authority`. */
const OWN_FIELDS = [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':path', ''],
  [':authority', ''],
  ['te', 'trailers'],
  ['content-type', 'application/grpc'],
  ['user-agent', 'api-gateway'],
  ['grpc-accept-encoding', 'identity'],
  ['grpc-timeout', '99999999m'],
] as const;
const OWN_BYTES = OWN_FIELDS.reduce((sum, [name, value]) => sum + fieldBytes(name, value), 0);
/** Two updates of the size of the dynamic table. */
const TABLE_UPDATE_BYTES = 12;

const MAX_TIMEOUT_MS = 99_999_999;
const MAX_TIMEOUT_S = 99_999_999;

/** Whom a connection speaks to. */
export interface Origin {
  readonly authority: string;
  readonly isEncrypted: boolean;
}

/** Writes the HEADERS of calls on one connection: the gateway's own fields and the allowed metadata, nothing else. */
export class RequestHeaderEncoder {
  private readonly encoder = new HpackEncoder(NAMES);

  constructor(
    private readonly writeBuffer: WriteBuffer,
    private readonly peer: PeerSettings,
    private readonly origin: Origin,
  ) {}

  /** Honors the peer's SETTINGS_HEADER_TABLE_SIZE. Each value counts, whether a call lies between it and the next or not. */
  resizeTable(bytes: number): void {
    this.encoder.resize(bytes);
  }

  /** Returns whether the peer takes a header list of this size (SETTINGS_MAX_HEADER_LIST_SIZE). */
  fits(call: TransportCall): boolean {
    return this.peer.maxHeaderListBytes === Infinity || this.listBytes(call) <= this.peer.maxHeaderListBytes;
  }

  write(streamId: number, call: TransportCall, remainingMs: number): void {
    const { encoder, writeBuffer } = this;
    writeBuffer.reserve(FRAME_HEADER + this.listBytes(call) + TABLE_UPDATE_BYTES);
    const start = writeBuffer.end;
    writeBuffer.header(0, FrameType.HEADERS, Flag.END_HEADERS, streamId);
    encoder.begin(writeBuffer.slab, writeBuffer.end);
    this.fields(call, remainingMs);
    writeBuffer.end = encoder.end();
    const length = writeBuffer.end - start - FRAME_HEADER;
    if (length > this.peer.maxFramePayload) return this.split(streamId, start);
    writeBuffer.slab.writeUIntBE(length, start, 3);
  }

  /** Size of the header list (RFC 9113, section 6.5.2): also more than its block takes. */
  private listBytes({ method, metadata }: TransportCall): number {
    let bytes = OWN_BYTES + method.path.length + this.origin.authority.length;
    for (const key of IDENTITY_KEYS) bytes += fieldBytes(key, metadata[key]);
    for (const key of REQUEST_KEYS) bytes += fieldBytes(key, metadata[key]);
    return bytes;
  }

  private fields({ method, metadata }: TransportCall, remainingMs: number): void {
    const { encoder, origin } = this;
    encoder.fixed(METHOD_POST);
    encoder.fixed(origin.isEncrypted ? SCHEME_HTTPS : SCHEME_HTTP);
    encoder.repeated(PATH, method.path);
    encoder.repeated(AUTHORITY, origin.authority);
    encoder.repeated(TE, 'trailers');
    encoder.repeated(CONTENT_TYPE, 'application/grpc');
    encoder.repeated(USER_AGENT, 'api-gateway');
    encoder.repeated(ACCEPT_ENCODING, 'identity');
    encoder.single(TIMEOUT, timeoutValue(remainingMs));
    for (const name of IDENTITY) {
      const value = metadata[name.text];
      if (value !== undefined) encoder.repeated(name, value);
    }
    for (const name of REQUEST) {
      const value = metadata[name.text];
      if (value !== undefined) encoder.single(name, value);
    }
  }

  /** A block that is longer than a frame may be goes on in CONTINUATION frames. */
  private split(streamId: number, start: number): void {
    const { writeBuffer } = this;
    const block = Buffer.from(writeBuffer.slab.subarray(start + FRAME_HEADER, writeBuffer.end));
    const most = this.peer.maxFramePayload;
    writeBuffer.end = start;
    for (let at = 0; at < block.length; at += most) {
      const part = block.subarray(at, at + most);
      const isLast = at + most >= block.length;
      const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
      writeBuffer.header(part.length, type, isLast ? Flag.END_HEADERS : 0, streamId);
      writeBuffer.push(part);
    }
  }
}

/** What a field counts in a header list. */
function fieldBytes(name: string, value: string | undefined): number {
  return value === undefined ? 0 : name.length + value.length + ENTRY_OVERHEAD;
}

/** Value of grpc-timeout: a unit and at most 8 digits. Rounded up, so that no time is taken from the backend. */
export function timeoutValue(remainingMs: number): string {
  const ms = Math.max(Math.ceil(remainingMs), 1);
  if (ms <= MAX_TIMEOUT_MS) return `${ms}m`;
  return `${Math.min(Math.ceil(ms / 1000), MAX_TIMEOUT_S)}S`;
}
