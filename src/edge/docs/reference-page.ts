import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ContentByBase } from './content-by-base.js';
import { escapeHtml } from './html.js';
import { StaticContent } from './static-content.js';

/** Files of swagger-ui-dist that the page needs, with their media types. */
const SWAGGER_UI = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

/**
 * Content security policy: scripts and styles of this origin, images also inline from the style sheet, requests to this
 * gateway. No inline code, no eval.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const INIT_SCRIPT = `SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).pathname,
  dom_id: '#reference',
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

/** Names of the files of the page below `/docs/`. */
export const REFERENCE_FILES: readonly string[] = [...Object.keys(SWAGGER_UI), 'init.js'];

/** The API reference for people: one page and its files, read at boot. Throws when swagger-ui-dist is not installed. */
export class ReferencePage {
  readonly page: ContentByBase;
  private readonly files = new Map<string, StaticContent>();

  /** @param basePath prefix of the links: `/edge`, or empty. */
  constructor(title: string, basePath: string) {
    const directory = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    for (const [name, type] of Object.entries(SWAGGER_UI)) {
      this.files.set(name, new StaticContent(readFileSync(join(directory, name)), { 'content-type': type }));
    }
    this.files.set('init.js', new StaticContent(INIT_SCRIPT, { 'content-type': SWAGGER_UI['swagger-ui-bundle.js'] }));
    this.page = new ContentByBase(basePath, (base) => this.render(title, base));
  }

  file(name: string): StaticContent | undefined {
    return this.files.get(name);
  }

  private render(title: string, basePath: string): StaticContent {
    const url = (name: string): string => this.url(name, basePath);
    const html = [
      '<!doctype html>',
      '<html lang="en">',
      '<head>',
      '<meta charset="utf-8">',
      '<meta name="viewport" content="width=device-width, initial-scale=1">',
      `<title>${escapeHtml(title)}</title>`,
      `<link rel="icon" type="image/png" href="${url('favicon-32x32.png')}">`,
      `<link rel="stylesheet" href="${url('swagger-ui.css')}">`,
      '</head>',
      '<body>',
      `<main id="reference"><noscript>This page needs JavaScript; <a href="${basePath}/openapi.json">the document</a> does not.</noscript></main>`,
      `<script src="${url('swagger-ui-bundle.js')}"></script>`,
      `<script src="${url('init.js')}"></script>`,
      '</body>',
      '</html>',
      '',
    ].join('\n');
    return new StaticContent(html, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGE_POLICY,
    });
  }

  /** Returns a URL with a hash of the content, so that caches may keep it indefinitely. */
  private url(name: string, basePath: string): string {
    return `${basePath}/docs/${name}?v=${this.files.get(name)?.etag.slice(1, -1)}`;
  }
}
