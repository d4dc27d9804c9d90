import { AdminClient } from './admin-client.js';
import type { CliContext } from './cli-context.js';

const DEFAULT_ADMIN = { host: '127.0.0.1', port: 6060 };
const DEFAULT_PORT = 8080;

/** URLs of a running gateway, as given on the command line. */
export interface RunningGatewayOptions {
  /** URL of its admin listener. */
  readonly url?: string | undefined;
  /** URL of the port with /metrics and /health. */
  readonly metrics?: string | undefined;
}

/**
 * Returns a client for the admin listener of a running gateway: by default the one in the settings. The token always comes
 * from the settings.
 * @param access what is asked of it: `read` is content with GATEWAY_ADMIN_READ_TOKEN.
 */
export function adminOf(
  { inspection: { settings } }: CliContext,
  url: string | undefined,
  { timeoutMs, access = 'read' }: { readonly timeoutMs: number; readonly access?: 'read' | 'change' },
): AdminClient {
  const { host, port } = settings.GATEWAY_ADMIN_ADDR ?? DEFAULT_ADMIN;
  const reading = access === 'read' ? settings.GATEWAY_ADMIN_READ_TOKEN : undefined;
  const token = reading ?? settings.GATEWAY_ADMIN_AUTH_TOKEN;
  return new AdminClient({ url: url ?? `http://${reachable(host)}:${port}`, token }, timeoutMs);
}

/** Returns the URL of the port with /metrics and /health: by default the one in the settings, on this machine. */
export function metricsUrlOf({ inspection: { settings } }: CliContext, url: string | undefined): string {
  return url ?? `http://127.0.0.1:${settings.OPS_PORT ?? settings.API_GATEWAY_PORT ?? DEFAULT_PORT}`;
}

/** Replaces a wildcard address by loopback. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
