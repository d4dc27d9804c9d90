import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../config/gateway-config.js';
import { ClientAddress } from './client-address.js';

interface Case {
  readonly peer?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly header?: GatewayConfig['server']['forwardedHeader'];
  readonly trustedProxies?: readonly string[];
}

/** Two load balancers: 10.0.0.1 nearest to the gateway, 10.0.0.2 before it. */
function clientOf({
  peer = '10.0.0.1',
  headers = {},
  header = 'auto',
  trustedProxies = ['10.0.0.0/8', 'fd00::/8'],
}: Case) {
  const config = { server: { trustedProxies, forwardedHeader: header } } as GatewayConfig;
  const request = { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
  return new ClientAddress(config).of(request);
}

describe('the client of a request', () => {
  it.each<[string, Case, string]>([
    [
      'is the peer where nobody is trusted',
      { trustedProxies: [], headers: { 'x-forwarded-for': '203.0.113.7' } },
      '10.0.0.1',
    ],
    [
      'is a peer that is not trusted',
      { peer: '198.51.100.1', headers: { 'x-forwarded-for': '203.0.113.7' } },
      '198.51.100.1',
    ],
    ['is the proxy that says nothing', {}, '10.0.0.1'],
    ['is what the proxy saw', { headers: { 'x-forwarded-for': '203.0.113.7' } }, '203.0.113.7'],
    ['is what the proxy saw, with its port', { headers: { 'x-forwarded-for': '203.0.113.7:4711' } }, '203.0.113.7'],
    [
      'is what the proxy saw by IPv6, with its port',
      { headers: { 'x-forwarded-for': '[2001:db8::1]:443' } },
      '2001:db8::1',
    ],
    [
      'is not what the client wrote itself',
      { headers: { 'x-forwarded-for': '192.0.2.1, 203.0.113.7' } },
      '203.0.113.7',
    ],
    ['is behind two proxies', { headers: { 'x-forwarded-for': '203.0.113.7, 10.0.0.2' } }, '203.0.113.7'],
    [
      'is behind an inner proxy with a port',
      { headers: { 'x-forwarded-for': '203.0.113.7:1, 10.0.0.2:8443' } },
      '203.0.113.7',
    ],
    [
      'is behind an inner proxy by IPv6',
      { headers: { 'x-forwarded-for': '203.0.113.7, [fd00::2]:8443' } },
      '203.0.113.7',
    ],
    [
      'is the outermost proxy where there are only proxies',
      { headers: { 'x-forwarded-for': '10.0.0.3,10.0.0.2' } },
      '10.0.0.3',
    ],
    ['is the proxy that does not know it', { headers: { 'x-forwarded-for': 'unknown' } }, '10.0.0.1'],
    [
      'is the inner proxy that does not know it',
      { headers: { 'x-forwarded-for': '203.0.113.7, unknown, 10.0.0.2' } },
      '10.0.0.2',
    ],
    ['is read between empty members', { headers: { 'x-forwarded-for': ' , 203.0.113.7 ,' } }, '203.0.113.7'],
    [
      'is behind a peer that a dual-stack socket maps',
      { peer: '::ffff:10.0.0.1', headers: { 'x-forwarded-for': '203.0.113.7' } },
      '203.0.113.7',
    ],
    ['is in Forwarded', { headers: { forwarded: 'for=203.0.113.7' } }, '203.0.113.7'],
    [
      'is in Forwarded with a port',
      { headers: { forwarded: 'proto=https; For="203.0.113.7:4711" ;by=10.0.0.1' } },
      '203.0.113.7',
    ],
    ['is in Forwarded by IPv6', { headers: { forwarded: 'for="[2001:db8::1]:443"' } }, '2001:db8::1'],
    [
      'is in Forwarded behind two proxies',
      { headers: { forwarded: 'for=203.0.113.7, for=10.0.0.2;proto=http' } },
      '203.0.113.7',
    ],
    [
      'is not what it wrote in Forwarded itself',
      { headers: { forwarded: 'for=192.0.2.1,for=203.0.113.7' } },
      '203.0.113.7',
    ],
    ['is the proxy that hides it', { headers: { forwarded: 'for=_hidden' } }, '10.0.0.1'],
    ['is the proxy whose element names nobody', { headers: { forwarded: 'for=203.0.113.7, proto=http' } }, '10.0.0.1'],
    [
      'is not in a comma of a quoted string',
      { headers: { forwarded: 'for="192.0.2.1,for=192.0.2.2";x="a,b", for=203.0.113.7' } },
      '203.0.113.7',
    ],
    [
      'is what both headers say',
      { headers: { forwarded: 'for="203.0.113.7:1"', 'x-forwarded-for': '203.0.113.7:2' } },
      '203.0.113.7',
    ],
    [
      'is what both headers say in two forms of an IPv6 address',
      { headers: { forwarded: 'for="[2001:0DB8::1]:443"', 'x-forwarded-for': '2001:db8:0::1' } },
      '2001:db8::1',
    ],
    ['is in Forwarded with empty pairs', { headers: { forwarded: ';;proto=https; ;for=203.0.113.7;' } }, '203.0.113.7'],
    [
      'is the proxy whose element has a pair that is malformed',
      { headers: { forwarded: 'for=192.0.2.1, ;proto;for=203.0.113.7' } },
      '10.0.0.1',
    ],
    [
      'is the proxy where they contradict each other',
      { headers: { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '203.0.113.7' } },
      '10.0.0.1',
    ],
    [
      'is in the header that is set',
      { header: 'x-forwarded-for', headers: { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '203.0.113.7' } },
      '203.0.113.7',
    ],
    [
      'is in Forwarded alone when that is set',
      { header: 'forwarded', headers: { forwarded: 'for=203.0.113.7', 'x-forwarded-for': '192.0.2.1' } },
      '203.0.113.7',
    ],
    [
      'is behind a single trusted address',
      { trustedProxies: ['10.0.0.1'], headers: { 'x-forwarded-for': '203.0.113.7, 10.0.0.2' } },
      '10.0.0.2',
    ],
    ['is never text that is not an address', { headers: { 'x-forwarded-for': '203.0.113.7\xa0' } }, '10.0.0.1'],
  ])('%s', (_, each, address) => {
    expect(clientOf(each)).toBe(address);
  });

  it('is found among thousands of members', () => {
    const headers = { 'x-forwarded-for': `${'192.0.2.1, '.repeat(5_000)}203.0.113.7` };
    expect(clientOf({ headers })).toBe('203.0.113.7');
  });
});
