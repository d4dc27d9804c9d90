import { GatewayError } from '../../domain/errors.js';
import { mediaTypeOf } from '../../domain/header-text.js';

/** How the messages of a server stream become a body. All texts are UTF-8 bytes as latin1, one character a byte, so that JSON is never decoded. */
export interface StreamFormat {
  readonly contentType: string;
  /** Before the first message. */
  readonly opening: string;
  frame(json: string, index: number): string;
  /** Keeps proxies from closing a silent stream; undefined where the format has no room for one. */
  readonly heartbeat: string | undefined;
  /** After the last message, so that a cut stream can be told from a whole one. */
  readonly closing: string;
  /** The last frame of a stream that failed; undefined where only a broken connection can say so. */
  failure(problem: string): string | undefined;
}

/** Server-sent events (WHATWG HTML 9.2). JSON of one line needs one `data:` field. */
const SSE: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: '',
  frame: (json, index) => `id: ${index}\ndata: ${json}\n\n`,
  heartbeat: ': keep-alive\n\n',
  closing: 'event: end\ndata: {}\n\n',
  failure: (problem) => `event: error\ndata: ${problem}\n\n`,
};

/** One JSON value a line. */
const NDJSON: StreamFormat = {
  contentType: 'application/x-ndjson; charset=utf-8',
  opening: '',
  frame: (json) => `${json}\n`,
  heartbeat: undefined,
  closing: '',
  failure: (problem) => `{"error":${problem}}\n`,
};

/** One JSON array; a cut one does not parse. */
const JSON_ARRAY: StreamFormat = {
  contentType: 'application/json; charset=utf-8',
  opening: '[',
  frame: (json, index) => `${index === 1 ? '' : ','}${json}`,
  heartbeat: undefined,
  closing: ']',
  failure: () => undefined,
};

const BY_TYPE: Readonly<Record<string, StreamFormat>> = {
  'text/event-stream': SSE,
  'application/x-ndjson': NDJSON,
  'application/json': JSON_ARRAY,
  'application/*': NDJSON,
  'text/*': SSE,
  '*/*': SSE,
};

/** The format that an Accept header asks for: the first one named that is spoken here, server-sent events when it names none (RFC 9110 12.5.1). */
export function negotiateFormat(accept: string | undefined): StreamFormat {
  if (accept === undefined || accept === '') return SSE;
  for (const range of accept.slice(0, 1024).split(',', 16)) {
    const format = BY_TYPE[mediaTypeOf(range)];
    if (format !== undefined) return format;
  }
  throw new GatewayError(
    'NOT_ACCEPTABLE',
    'This stream comes as text/event-stream, application/x-ndjson or application/json.',
  );
}
