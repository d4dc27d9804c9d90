import { isLoopbackHost } from './loopback.js';
import { type Kind, Refusal } from './setting.js';

/** Where alerts go. A secret: who knows the URL of a Slack channel may write to it. */
export const webhookUrl: Kind<string> = {
  form: 'URL',
  secret: true,
  parse(raw) {
    const url = URL.canParse(raw.trim()) ? new URL(raw.trim()) : undefined;
    if (url === undefined) throw new Refusal('is not a URL', 'write it whole: https://host/path');
    if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))) return url.href;
    throw new Refusal('is neither https nor on this machine', 'write https://host/path');
  },
};

/** `[acme-prod]` without its brackets. */
export const deploymentTag: Kind<string> = {
  form: 'tag',
  parse(raw) {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(raw)) return raw;
    throw new Refusal(`"${raw}" is not a tag`, 'write up to 63 letters, digits, dots, dashes: acme-prod');
  },
};
