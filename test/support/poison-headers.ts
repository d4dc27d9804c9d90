const DUPLICATES = [
  ...['Authorization', 'Referer', 'If-Match', 'If-Modified-Since', 'If-Range', 'Date', 'From', 'Max-Forwards'],
  ...['Content-Type', 'User-Agent', 'Age', 'ETag', 'Location', 'Retry-After', 'X-Request-Id', 'Traceparent'],
];

/** Request header lines that, forwarded as metadata, make Node's HTTP/2 throw and grpc-js drop the session of every other call. */
export const POISON_HEADERS: readonly string[] = [
  'Connection: keep-alive, x-evil',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Upgrade: h2c',
  'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  'Transfer-Encoding: chunked',
  'TE: gzip',
  'Host: b',
  ...DUPLICATES.map((name) => `${name}: 1\r\n${name}: 2`),
];
