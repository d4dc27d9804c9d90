/** A body that is sent piece by piece. */
export interface AdminStream {
  readonly chunks: AsyncIterable<Uint8Array | string>;
  /**
   * Maximum length. The connection is closed when the body is longer, so that the caller sees an incomplete transfer.
   */
  readonly maxBytes: number;
}

/** Response to a call of the admin listener. */
export interface AdminAnswer {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | AdminStream;
}

/** Returns a response of indented JSON. */
export function json(body: object): AdminAnswer {
  return { contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(body, undefined, 2)}\n` };
}

/** Returns a response of plain text. */
export function text(body: string): AdminAnswer {
  return { contentType: 'text/plain; charset=utf-8', body };
}

/** Returns an HTML page. No script runs in it unless `headers` relax the common Content-Security-Policy. */
export function html(body: string, headers: Readonly<Record<string, string>> = {}): AdminAnswer {
  return { contentType: 'text/html; charset=utf-8', headers, body };
}

/**
 * Returns a file to download.
 * @param filename under which browsers and `curl -OJ` save it.
 */
export function file(filename: string, body: Uint8Array | AdminStream): AdminAnswer {
  return {
    contentType: 'application/octet-stream',
    headers: { 'content-disposition': `attachment; filename="${filename}"` },
    body,
  };
}

/** Returns a response of server-sent events (HTML Living Standard 9.2). */
export function events(body: AdminStream): AdminAnswer {
  return { contentType: 'text/event-stream', body };
}

/** Encodes one server-sent event. Unindented JSON has no line breaks. */
export function encodeEvent(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
