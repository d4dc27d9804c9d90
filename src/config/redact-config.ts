import { createHash } from 'node:crypto';
import type { GatewayConfig } from './gateway-config.js';

/** Returns a fingerprint of a secret that can be printed and compared between processes. */
export function fingerprint(secret: string): string {
  return `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 8)}`;
}

/** Returns the effective settings as plain JSON, with fingerprints in place of secrets. */
export function redactConfig(config: GatewayConfig) {
  const { secret, secretPrevious } = config.jwt;
  const { redis, sso, alerts, admin, tracing } = config;
  return {
    ...config,
    upstreams: Object.fromEntries(config.upstreams),
    redis: redis && {
      ...redis,
      address: { ...redis.address, password: redis.address.password && '[set]' },
      secrets: redis.secrets.map(fingerprint),
    },
    admin: admin && {
      ...admin,
      token: admin.token && fingerprint(admin.token),
      readToken: admin.readToken && fingerprint(admin.readToken),
    },
    tracing: tracing && {
      ...tracing,
      endpoint: tracing.endpoint.replace(/\?.*$/, '?[set]'),
      headers: Object.fromEntries(Object.entries(tracing.headers).map(([name, value]) => [name, fingerprint(value)])),
    },
    alerts: alerts && { ...alerts, webhookUrl: '[set]' },
    sso: {
      ...sso,
      providers: [...sso.providers.values()].map((each) => ({ ...each, clientSecret: fingerprint(each.clientSecret) })),
      sessionKey: sso.sessionKey && fingerprint(sso.sessionKey),
      sessionKeyPrevious: sso.sessionKeyPrevious && fingerprint(sso.sessionKeyPrevious),
    },
    jwt: {
      ...config.jwt,
      secret: secret === undefined ? undefined : fingerprint(secret),
      secretPrevious: secretPrevious === undefined ? undefined : fingerprint(secretPrevious),
    },
  };
}

const LENGTH = 12;

/**
 * Returns a hash of the settings in force, of 12 hex digits: the same in all instances that run with the same settings.
 * Excludes the names of the instance and of the worker, and replaces secrets by their fingerprints.
 */
export function configHash(config: GatewayConfig): string {
  const { instance: _instance, worker: _worker, ...settings } = redactConfig(config);
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, LENGTH);
}
