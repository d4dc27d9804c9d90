import type { ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';

/** Returns the path in the URL that clients call, without the slash at its end; empty when there is none. */
export function basePathOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
}

/** Warns of a base path that routes begin with themselves, so that nobody can tell whether a proxy has taken it off. */
export function basePathWarnings(
  templates: readonly string[],
  { server: { basePath } }: Pick<GatewayConfig, 'server'>,
): readonly ConfigWarning[] {
  const route = basePath === '' ? undefined : templates.find((template) => template.startsWith(`${basePath}/`));
  if (route === undefined) return [];
  const reason = `has the path ${basePath}, and routes begin with it, too: ${route} is served as ${basePath}${route}`;
  const hint = 'leave the path out to serve routes as they are, or choose one that no route begins with';
  return [{ name: 'GATEWAY_PUBLIC_URL', reason, hint }];
}
