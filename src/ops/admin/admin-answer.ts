/** A body that is sent piece by piece. */
export interface AdminStream {
  readonly chunks: AsyncIterable<Uint8Array | string>;
  /** The connection is closed when the body is longer, so that the caller sees a transfer that broke off. */
  readonly maxBytes: number;
}

/** What a call is answered with. */
export interface AdminAnswer {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | AdminStream;
}

/** Answers with JSON that people can read. */
export function json(body: object): AdminAnswer {
  return { contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(body, undefined, 2)}\n` };
}

/** Answers with text for people and pagers. */
export function text(body: string): AdminAnswer {
  return { contentType: 'text/plain; charset=utf-8', body };
}

/** Answers with a page. Nothing in it runs unless the headers allow more than the common Content-Security-Policy. */
export function html(body: string, headers: Readonly<Record<string, string>> = {}): AdminAnswer {
  return { contentType: 'text/html; charset=utf-8', headers, body };
}

/** Answers with a file. @param filename under which browsers and `curl -OJ` save it. */
export function file(filename: string, body: Uint8Array | AdminStream): AdminAnswer {
  return {
    contentType: 'application/octet-stream',
    headers: { 'content-disposition': `attachment; filename="${filename}"` },
    body,
  };
}

/** Answers with server-sent events (HTML Living Standard 9.2). */
export function events(body: AdminStream): AdminAnswer {
  return { contentType: 'text/event-stream', body };
}

/** Encodes one server-sent event. JSON has no line breaks unless it is indented. */
export function encodeEvent(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
