import { deploymentTag, webhookUrl } from '../alert-texts.js';
import { optional } from '../setting.js';
import { text } from '../string-parsers.js';

/** Where degradations are told, besides log and metrics. */
export const alertSettings = {
  GATEWAY_ALERT_WEBHOOK_URL: optional(webhookUrl, {
    description: 'Gets a JSON POST, which Slack understands, when a part becomes impaired and when it has recovered.',
    example: 'https://hooks.slack.com/services/T000/B000/XXXX',
  }),
  GATEWAY_DEPLOYMENT_TAG: optional(deploymentTag, {
    description: 'Begins each alert, as in `[acme-prod]`: whose deployment it is. Required with the webhook.',
    example: 'acme-prod',
  }),
  POD_NAME: optional(text, {
    description: 'Name of this instance in log lines and alerts. Unset: the host name.',
    example: 'api-gateway-7d9f6c-x2b4q',
  }),
};
