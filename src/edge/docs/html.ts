import { createHash } from 'node:crypto';
import { StaticContent } from './static-content.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 4rem; }
h1 { line-height: 1.2; }
h2 { border-top: 1px solid #8888; font-size: 1.15rem; margin: 2.5rem 0 0; padding-top: 1.5rem; }
h2 a { color: inherit; text-decoration: none; }
h2 a:hover, h2 a:focus-visible { text-decoration: underline; }
:target a { background: #fe08; outline: .2rem solid #fe08; }
button, input { font: inherit; padding: .35rem .75rem; }
button { cursor: pointer; }
label { display: block; font-weight: 600; }
caption { padding: .5rem 0; text-align: left; }
dl { display: grid; gap: .15rem 1.5rem; grid-template-columns: max-content 1fr; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
form { align-items: end; display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; }
form label { flex-basis: 100%; }
input { flex: 1; }
[hidden] { display: none; }
code { font: .92em ui-monospace, monospace; }
td, th { padding: .15rem 1.5rem .15rem 0; text-align: left; vertical-align: top; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/**
 * Content security policy of all pages: their one style, and the empty icon that keeps browsers from requesting
 * /favicon.ico.
 */
const PAGE_POLICY = `default-src 'none'; img-src data:; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Content security policy of a page with a script: files and requests of this origin, nothing inline. */
const SCRIPT_POLICY = `${PAGE_POLICY}; script-src 'self'; connect-src 'self'`;

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Escapes text for HTML, and renders `…` as code. */
export function markUp(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

/**
 * Renders a page in the common layout.
 * @param main HTML.
 * @param script path of its script, a module of this origin; a page without one may not run scripts.
 */
export function htmlPage(title: string, main: readonly string[], script?: string): StaticContent {
  const html = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${STYLE}</style>`,
    ...(script === undefined ? [] : [`<script type="module" src="${script}"></script>`]),
    '</head>',
    '<body>',
    '<main>',
    ...main,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
  return new StaticContent(html, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': script === undefined ? PAGE_POLICY : SCRIPT_POLICY,
  });
}
