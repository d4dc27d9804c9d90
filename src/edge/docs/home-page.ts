import { VERSION } from '../../version.js';
import { escapeHtml, htmlPage } from './html.js';
import type { StaticContent } from './static-content.js';

const REFERENCE: readonly (readonly [path: string, text: string])[] = [
  ['/docs', 'API reference'],
  ['/openapi.json', 'OpenAPI document'],
];

/** What a person finds at the address of the gateway. Links to the reference only where it is served. */
export function homePage({ reference }: { readonly reference: boolean }): StaticContent {
  const links = [
    ...(reference ? REFERENCE : []),
    ['/docs/errors', 'Error codes'] as const,
    ['/health', 'Health'] as const,
  ];
  return htmlPage('api-gateway', [
    '<h1>api-gateway</h1>',
    `<p>Version ${escapeHtml(VERSION)}</p>`,
    '<ul>',
    ...links.map(([path, text]) => `<li><a href="${path}">${text}</a></li>`),
    '</ul>',
  ]);
}
