import { z } from 'zod';
import { authCacheSettings, authorizationSettings, revocationSettings } from './schema/access-settings.js';
import { adminSettings } from './schema/admin-settings.js';
import { alertSettings } from './schema/alert-settings.js';
import { cacheSettings } from './schema/cache-settings.js';
import { circuitSettings } from './schema/circuit-settings.js';
import { claimSettings } from './schema/claim-settings.js';
import { deadlineSettings, shutdownSettings } from './schema/deadline-settings.js';
import { grpcSettings } from './schema/grpc-settings.js';
import { guardrailSettings } from './schema/guardrail-settings.js';
import { httpSettings } from './schema/http-settings.js';
import { jsonSettings } from './schema/json-settings.js';
import { listenerSettings } from './schema/listener-settings.js';
import { loadSettings } from './schema/load-settings.js';
import { meteringSettings } from './schema/metering-settings.js';
import { operationSettings } from './schema/operation-settings.js';
import { rateLimitSettings } from './schema/rate-limit-settings.js';
import { redisSettings } from './schema/redis-settings.js';
import { sessionSettings } from './schema/sso-settings.js';
import { tokenSettings } from './schema/token-settings.js';
import { tracingSettings } from './schema/tracing-settings.js';
import { workerSettings } from './schema/worker-settings.js';

/** Schema of all settings with a fixed name. Settings of individual upstreams are in upstream-settings.ts. */
export const settingsSchema = z.object({
  ...httpSettings,
  ...listenerSettings,
  ...jsonSettings,
  ...deadlineSettings,
  ...shutdownSettings,
  ...grpcSettings,
  ...circuitSettings,
  ...loadSettings,
  ...guardrailSettings,
  ...tokenSettings,
  ...claimSettings,
  ...authCacheSettings,
  ...authorizationSettings,
  ...sessionSettings,
  ...rateLimitSettings,
  ...cacheSettings,
  ...redisSettings,
  ...revocationSettings,
  ...meteringSettings,
  ...operationSettings,
  ...tracingSettings,
  ...adminSettings,
  ...alertSettings,
  ...workerSettings,
});

export type Settings = z.infer<typeof settingsSchema>;

/** Settings in the order and under the headings of the documentation. */
export const SETTING_GROUPS: readonly { readonly title: string; readonly settings: Record<string, z.ZodType> }[] = [
  { title: 'Listener', settings: httpSettings },
  { title: 'Unix socket and TLS', settings: listenerSettings },
  { title: 'JSON', settings: jsonSettings },
  { title: 'Deadlines', settings: deadlineSettings },
  { title: 'Shutdown', settings: shutdownSettings },
  { title: 'Upstream connections', settings: grpcSettings },
  { title: 'Circuit breakers', settings: circuitSettings },
  { title: 'Load', settings: loadSettings },
  { title: 'Guardrail', settings: guardrailSettings },
  { title: 'Tokens', settings: tokenSettings },
  { title: 'Claims', settings: claimSettings },
  { title: 'API keys and opaque tokens', settings: authCacheSettings },
  { title: 'Authorization', settings: authorizationSettings },
  { title: 'Sessions', settings: sessionSettings },
  { title: 'Rate limits', settings: rateLimitSettings },
  { title: 'Cached responses', settings: cacheSettings },
  { title: 'Redis', settings: redisSettings },
  { title: 'Revocation', settings: revocationSettings },
  { title: 'Usage metering', settings: meteringSettings },
  { title: 'Operation', settings: operationSettings },
  { title: 'Tracing', settings: tracingSettings },
  { title: 'Admin listener', settings: adminSettings },
  { title: 'Alerts', settings: alertSettings },
  { title: 'Workers', settings: workerSettings },
];
