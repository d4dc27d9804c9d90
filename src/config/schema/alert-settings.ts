import { deploymentTag, webhookUrl } from '../alert-texts.js';
import { optional } from '../setting.js';
import { text } from '../string-parsers.js';

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
