import { negotiate, notAcceptable } from '../../domain/accept.js';

/**
 * How the messages of a server stream become a body. All strings hold UTF-8 bytes as latin1, one character per byte, so
 * that JSON is never decoded.
 */
export interface StreamFormat {
  /** Media type; for a raw body it is known with the first message. */
  readonly contentType: string;
  /** Sent before the first message. */
  readonly opening: string;
  frame(message: Buffer, index: number): string | Buffer;
  /**
   * Keeps proxies from closing a silent stream; undefined where the format has no room for one, or its readers may not
   * expect it.
   */
  readonly heartbeat: string | undefined;
  /** Sent after the last message, so that a truncated stream can be distinguished from a complete one. */
  readonly closing: string;
  /** Returns the last frame of a stream that failed; undefined where only a broken connection can signal it. */
  failure(problem: string): string | undefined;
}

/** Server-sent events (WHATWG HTML 9.2). JSON on one line needs one `data:` field. */
const SSE: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: '',
  frame: (json, index) => `id: ${index}\ndata: ${json.toString('latin1')}\n\n`,
  heartbeat: ': keep-alive\n\n',
  closing: 'event: end\ndata: {}\n\n',
  failure: (problem) => `event: error\ndata: ${problem}\n\n`,
};

/** One JSON value per line. */
const NDJSON: StreamFormat = {
  contentType: 'application/x-ndjson; charset=utf-8',
  opening: '',
  frame: (json) => `${json.toString('latin1')}\n`,
  heartbeat: undefined,
  closing: '',
  failure: (problem) => `{"error":${problem}}\n`,
};

/** One JSON array; a truncated one does not parse. */
const JSON_ARRAY: StreamFormat = {
  contentType: 'application/json; charset=utf-8',
  opening: '[',
  frame: (json, index) => `${index === 1 ? '' : ','}${json.toString('latin1')}`,
  heartbeat: undefined,
  closing: ']',
  failure: () => undefined,
};

/** Returns whether a stream is sent as server-sent events. */
export function isEventStream({ contentType }: StreamFormat): boolean {
  return contentType === SSE.contentType;
}

/** All formats in the order of preference. */
const FORMATS: readonly StreamFormat[] = [SSE, NDJSON, JSON_ARRAY];
/** The same formats with heartbeats for all: an empty line, which is white space in an array. */
const BEATING: readonly StreamFormat[] = FORMATS.map((format) => ({ ...format, heartbeat: format.heartbeat ?? '\n' }));
const TYPES = FORMATS.map((format) => format.contentType);

/**
 * Returns the format that an Accept header asks for, server-sent events when it has no preference. Throws
 * NOT_ACCEPTABLE.
 * @param lineHeartbeat whether lines and arrays have heartbeats, too.
 */
export function negotiateFormat(accept: string | undefined, lineHeartbeat: boolean): StreamFormat {
  const format = (lineHeartbeat ? BEATING : FORMATS)[negotiate(accept, TYPES)];
  if (format === undefined) throw notAcceptable(TYPES);
  return format;
}
