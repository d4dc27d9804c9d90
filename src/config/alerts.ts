import type { ConfigProblem } from './config-error.js';
import type { Settings } from './schema.js';
import type { Known } from './upstreams.js';

/** Requires a deployment tag with the webhook, since one channel may receive alerts of many deployments. */
export function alertProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const { GATEWAY_ALERT_WEBHOOK_URL: url, GATEWAY_DEPLOYMENT_TAG: tag } = settings;
  if (url === undefined || tag !== undefined || unreadable.has('GATEWAY_DEPLOYMENT_TAG')) return [];
  const reason = 'is not set, but GATEWAY_ALERT_WEBHOOK_URL is: alerts would not name their deployment';
  return [{ name: 'GATEWAY_DEPLOYMENT_TAG', reason, hint: 'set it to customer and environment: acme-prod' }];
}
