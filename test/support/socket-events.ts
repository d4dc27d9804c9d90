import { expect } from 'vitest';
import type { RawClient } from './raw-client.js';

/** Events with which Node's server hands over the socket, or answers by itself. */
export const SOCKET_EVENTS: Readonly<Record<string, string>> = {
  CONNECT: 'CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'CONNECT with bytes of a tunnel': 'CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n\u0016\u0003\u0001',
  'a TLS hello': '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0',
  'a header that is too large': `GET /x HTTP/1.1\r\nHost: localhost\r\nx: ${'x'.repeat(70_000)}\r\n\r\n`,
  'a broken chunk': 'POST /nope HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'an expectation': 'POST /nope HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\nContent-Length: 5\r\n\r\n',
  'a body that is asked for':
    'POST /nope HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
  'an upgrade': 'GET /nope HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
};

/** Ends a connection; resolves to whether it is certain that the server has read everything. */
type Ending = (client: RawClient, bytes: string) => Promise<boolean>;

export const SOCKET_ENDINGS: Readonly<Record<string, Ending>> = {
  'a reset in the middle': async (client, bytes) => {
    client.send(bytes.slice(0, bytes.length / 2)).reset();
    return Promise.resolve(false);
  },
  'a reset at its end': async (client, bytes) => {
    client.send(bytes).reset();
    return Promise.resolve(false);
  },
  'a reset at the first byte of the answer': async (client, bytes) => {
    client.send(bytes);
    await expect.poll(() => client.text).not.toBe('');
    client.reset();
    return true;
  },
  'a close that leaves the answer unread': async (client, bytes) => {
    client.pause().send(bytes).leave();
    return Promise.resolve(false);
  },
  'a half-close in the middle': async (client, bytes) => {
    client.send(bytes.slice(0, bytes.length / 2)).halfClose();
    await client.ended();
    return true;
  },
  'a half-close at its end': async (client, bytes) => {
    client.send(bytes).halfClose();
    await client.ended();
    return true;
  },
  silence: async (client, bytes) => {
    client.send(bytes);
    await expect.poll(() => client.text).not.toBe('');
    return true;
  },
};
