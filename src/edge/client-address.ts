import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { trimOws } from '../domain/header-text.js';
import { nodeAddress, plainAddress } from './forwarded-node.js';
import { HeaderScanner } from '../domain/header-scanner.js';

/** Stands for any process that may connect to the Unix domain socket, as in GATEWAY_TRUSTED_PROXIES. */
const UNIX_PEER = 'unix:';
/**
 * Maximum number of hops that are read. No real chain of proxies is longer; entries further to the left are ignored.
 */
const MAX_HOPS = 32;

/**
 * Finds the address of the client of a request: the nearest one that is not a trusted proxy. Addresses are read from
 * right to left, since each proxy appends the one that it saw and a client can only write what stands further left.
 */
@Injectable()
export class ClientAddress {
  private readonly trusted: BlockList | undefined;
  /** Address that is used for the peer of a connection without an address. */
  private readonly unnamed: string;
  private readonly trustsSocket: boolean;
  private readonly header: GatewayConfig['server']['forwardedHeader'];

  constructor(@Inject(GATEWAY_CONFIG) { server }: GatewayConfig) {
    this.header = server.forwardedHeader;
    this.trusted = server.trustedProxies.length === 0 ? undefined : blockListOf(server.trustedProxies);
    this.unnamed = server.unixSocket === undefined ? '' : UNIX_PEER;
    this.trustsSocket = server.trustedProxies.includes(UNIX_PEER);
  }

  /** Returns whether the peer of a request is a proxy that GATEWAY_TRUSTED_PROXIES names. */
  isFromTrustedProxy({ socket }: IncomingMessage): boolean {
    return this.trusted !== undefined && this.isTrusted(plainAddress(socket.remoteAddress ?? this.unnamed));
  }

  /** Returns an IPv4 or IPv6 address, or `unix:` for the peer of GATEWAY_LISTEN; empty when the socket is closed already. */
  of({ socket, headers }: IncomingMessage): string {
    const peer = plainAddress(socket.remoteAddress ?? this.unnamed);
    if (this.trusted === undefined || !this.isTrusted(peer)) return peer;
    const seen = this.hops(headers);
    let nearest = peer;
    for (let at = seen.length - 1; at >= 0 && this.isTrusted(nearest); at--) {
      const address = nodeAddress(seen[at] ?? '');
      // A client that its proxy does not know or does not name is counted under the address of the proxy.
      if (address === undefined) return nearest;
      nearest = address;
    }
    return nearest;
  }

  /**
   * Returns the node identifiers, the one that the nearest proxy saw last. A proxy that writes one of the two headers
   * forwards the other one as the client sent it. With `auto` both are therefore trusted only if they agree on the
   * nearest hop.
   */
  private hops(headers: IncomingHttpHeaders): readonly string[] {
    const list = this.header === 'forwarded' ? [] : listedNodes(headers['x-forwarded-for']);
    const elements = this.header === 'x-forwarded-for' ? [] : forwardedNodes(headers.forwarded);
    if (list.length === 0 || elements.length === 0) return list.length === 0 ? elements : list;
    return nodeAddress(list.at(-1) ?? '') === nodeAddress(elements.at(-1) ?? '') ? list : [];
  }

  private isTrusted(address: string): boolean {
    if (address === UNIX_PEER) return this.trustsSocket;
    return address !== '' && this.trusted?.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') === true;
  }
}

function blockListOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    if (block === UNIX_PEER) continue;
    const [address = '', prefix] = block.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** Returns the members of X-Forwarded-For; Node joins repeated header lines with commas, in their order. */
function listedNodes(value: string | string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  const text = typeof value === 'string' ? value : value.join(',');
  return text
    .split(',')
    .slice(-MAX_HOPS)
    .map((node) => trimOws(node))
    .filter((node) => node !== '');
}

/**
 * Returns the `for` parameters of Forwarded (RFC 7239 4); an element without one stands for a hop that is not
 * disclosed.
 */
function forwardedNodes(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  const scanner = new HeaderScanner(value);
  const nodes: string[] = [];
  while (!scanner.atEnd) {
    const node = forwardedElement(scanner);
    if (node !== undefined) nodes.push(node);
    scanner.skipElement();
    scanner.take(',');
  }
  return nodes.slice(-MAX_HOPS);
}

/**
 * Reads one element, such as `for=192.0.2.60;proto=http;by=203.0.113.43`, whose pairs may be empty. Returns undefined
 * for an empty element.
 */
function forwardedElement(scanner: HeaderScanner): string | undefined {
  scanner.skipSpace();
  if (scanner.atElementEnd) return undefined;
  let node = '';
  do {
    scanner.skipSpace();
    const name = scanner.token();
    if (name === '') continue;
    if (!scanner.take('=')) return node;
    const value = scanner.value();
    if (value === undefined) return '';
    if (name === 'for') node = value;
    scanner.skipSpace();
  } while (scanner.take(';'));
  return node;
}
