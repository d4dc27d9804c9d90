import type { Protocol } from './wire-probe.js';

const FRAME_HEADER_BYTES = 9;
const SETTINGS = 4;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]);
/** Type and version of a TLS alert record (RFC 8446, section 5.1). */
const TLS_ALERT = Buffer.from([0x15, 0x03]);

/** HTTP/2, which gRPC uses: the first frame of a server is SETTINGS (RFC 9113 3.4). */
export const HTTP2: Protocol = {
  name: 'HTTP/2',
  alpn: 'h2',
  greeting: Buffer.concat([PREFACE, EMPTY_SETTINGS]),
  accepts(bytes) {
    if (bytes.subarray(0, 2).equals(TLS_ALERT)) return 'it expects TLS';
    if (bytes.length < FRAME_HEADER_BYTES) return undefined;
    if (bytes.toString('latin1', 0, 5) === 'HTTP/') return 'it speaks HTTP/1.1';
    return (bytes[3] === SETTINGS && bytes.readUInt32BE(5) === 0) || 'its first frame is not SETTINGS';
  },
};

/** Protocol of Redis. A server that requires a password responds too. */
export const RESP: Protocol = {
  name: 'RESP',
  alpn: '',
  greeting: Buffer.from('PING\r\n'),
  accepts(bytes) {
    if (bytes.subarray(0, 2).equals(TLS_ALERT)) return 'it expects TLS';
    if (bytes.length < 3) return undefined;
    return /^(?:\+|-[A-Z])/.test(bytes.toString('latin1', 0, 2)) || 'it does not respond to PING as Redis does';
  },
};

/** HTTP/1.1 GET of one URL. */
export function http1(url: URL): Protocol {
  const head = `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\naccept: application/json\r\nconnection: close\r\n\r\n`;
  return {
    name: 'HTTP/1.1',
    alpn: 'http/1.1',
    greeting: Buffer.from(head),
    accepts(bytes) {
      if (bytes.subarray(0, 2).equals(TLS_ALERT)) return 'it expects https';
      if (bytes.length < 7) return undefined;
      return bytes.toString('latin1', 0, 7) === 'HTTP/1.' || 'it does not respond in HTTP';
    },
  };
}
