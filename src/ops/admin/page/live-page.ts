import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AdminResponse, html } from '../admin-response.js';

let answer: AdminResponse | undefined;

/** Returns the live page. It may run its own script and styles and call this listener, and nothing else. */
export function livePage(): AdminResponse {
  answer ??= readPage();
  return answer;
}

function readPage(): AdminResponse {
  const text = readFileSync(new URL('page.html', import.meta.url), 'utf8');
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf('script', text)}`,
    `style-src ${hashOf('style', text)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return html(text, { 'content-security-policy': policy.join('; ') });
}

/** Returns the hash source of an inline element (CSP Level 3, 8.3). */
function hashOf(element: string, text: string): string {
  const [, content = ''] = new RegExp(`<${element}>([^]*?)</${element}>`).exec(text) ?? [];
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
