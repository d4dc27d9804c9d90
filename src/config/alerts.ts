import type { ConfigProblem } from './config-error.js';
import type { Settings } from './schema.js';
import type { Known } from './upstreams.js';

/** An alert that does not say whose it is helps nobody: one channel serves many deployments. */
export function alertProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const { GATEWAY_ALERT_WEBHOOK_URL: url, GATEWAY_DEPLOYMENT_TAG: tag } = settings;
  if (url === undefined || tag !== undefined || unreadable.has('GATEWAY_DEPLOYMENT_TAG')) return [];
  const reason = 'is not set, but GATEWAY_ALERT_WEBHOOK_URL is: its alerts would not say whose they are';
  return [{ name: 'GATEWAY_DEPLOYMENT_TAG', reason, hint: 'set it to customer and environment: acme-prod' }];
}
