import { isLoopbackHost } from './loopback.js';
import { type Kind, Refusal } from './setting.js';

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
