import type { ConfigProblem } from '../config-error.js';
import { isLoopbackHost } from '../loopback.js';
import { type Kind, type Known, optional, Refusal, type SettingsOf } from '../setting.js';
import { text } from '../string-parsers.js';

/** Parses the URL of the alert webhook. It is a secret, since anyone who knows it can post to the channel. */
export const webhookUrl: Kind<string> = {
  form: 'URL',
  secret: true,
  parse(raw) {
    const url = URL.canParse(raw.trim()) ? new URL(raw.trim()) : undefined;
    if (url === undefined) throw new Refusal('is not a URL', 'write a complete URL: https://host/path');
    if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))) return url.href;
    throw new Refusal('is neither https nor a loopback address', 'write https://host/path');
  },
};

/** Parses the name of a deployment, shown as `[acme-prod]` in alerts. */
export const deploymentTag: Kind<string> = {
  form: 'tag',
  parse(raw) {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(raw)) return raw;
    throw new Refusal(`"${raw}" is not a tag`, 'write up to 63 letters, digits, dots, dashes: acme-prod');
  },
};

/** Settings of the alert webhook, which reports degradations in addition to log and metrics. */
export const alertSettings = {
  GATEWAY_ALERT_WEBHOOK_URL: optional(webhookUrl, {
    description:
      'URL that receives a JSON POST in the format of Slack when a component is degraded and when it has recovered.',
    example: 'https://hooks.slack.com/services/T000/B000/XXXX',
  }),
  GATEWAY_DEPLOYMENT_TAG: optional(deploymentTag, {
    description: 'Name of the deployment, with which each alert begins: `[acme-prod]`. Required with the webhook.',
    example: 'acme-prod',
  }),
  POD_NAME: optional(text, {
    description: 'Name of this instance in log lines and alerts. Unset: the host name.',
    example: 'api-gateway-7d9f6c-x2b4q',
  }),
};

/** Requires a deployment tag with the webhook, since one channel may receive alerts of many deployments. */
export function alertProblems(
  settings: Known<SettingsOf<typeof alertSettings>>,
  unreadable: ReadonlySet<string>,
): ConfigProblem[] {
  const { GATEWAY_ALERT_WEBHOOK_URL: url, GATEWAY_DEPLOYMENT_TAG: tag } = settings;
  if (url === undefined || tag !== undefined || unreadable.has('GATEWAY_DEPLOYMENT_TAG')) return [];
  const reason = 'is not set, but GATEWAY_ALERT_WEBHOOK_URL is: alerts would not name their deployment';
  return [{ name: 'GATEWAY_DEPLOYMENT_TAG', reason, hint: 'set it to customer and environment: acme-prod' }];
}

/** Maps the settings of the alert webhook; undefined without it. */
export function alertsOf(settings: SettingsOf<typeof alertSettings>) {
  const { GATEWAY_ALERT_WEBHOOK_URL: webhookUrl, GATEWAY_DEPLOYMENT_TAG: deployment } = settings;
  return webhookUrl === undefined || deployment === undefined ? undefined : { webhookUrl, deployment };
}
