import type { LogLine, TestGateway } from './gateway.js';
import { type RawResponse, sendRaw } from './raw-http.js';

/** Calls the admin listener of a gateway. */
export function callAdmin(
  gateway: Pick<TestGateway, 'gateway'>,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${gateway.gateway.adminUrl}${path}`, { method, headers });
}

/** Returns the URL of an admin listener on this machine, also if it listens on all addresses. */
export function adminOrigin({ gateway }: Pick<TestGateway, 'gateway'>): string {
  return (gateway.adminUrl ?? '').replace('0.0.0.0', '127.0.0.1');
}

/** One request as no client would send it; `head` has no last line break. */
export async function sendToAdmin(gateway: TestGateway, head: string): Promise<RawResponse> {
  const [response] = await sendRaw(adminOrigin(gateway), `${head}\r\nConnection: close\r\n\r\n`);
  if (response === undefined) throw new Error('no answer');
  return response;
}

/** A circuit as the admin listener shows it. */
export interface ShownCircuit {
  readonly state: string;
  readonly since: string;
  readonly nextTry: string | null;
  readonly held: boolean;
}

/** The circuits of one service as the admin listener shows them. */
export interface ShownCircuits {
  readonly upstream: string;
  readonly read: ShownCircuit;
  readonly write: ShownCircuit;
}

/** The lines of calls to the admin listener, so far. */
export function adminActions(lines: readonly LogLine[]): LogLine[] {
  return lines.filter(({ msg }) => String(msg).startsWith('admin_action '));
}
