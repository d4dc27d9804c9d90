import { readFileSync } from 'node:fs';
import { VERSION } from '../../version.js';
import { escapeHtml, htmlPage } from './html.js';
import { StaticContent } from './static-content.js';

const REFERENCE: readonly (readonly [path: string, text: string])[] = [
  ['/docs', 'API reference'],
  ['/openapi.json', 'OpenAPI document'],
];

/** Path of the script of the front page. */
export const HOME_SCRIPT = 'docs/home.js';

interface HomeFeatures {
  /** True if the API reference is served. */
  readonly reference: boolean;
  /** Names of the identity providers for sign-in, and the public URL, at whose host sessions are valid. */
  readonly providers: readonly string[];
  readonly publicUrl: string | undefined;
  readonly basePath: string;
}

/**
 * Returns the page at the root of the gateway: links to the reference and, where sign-in is configured, a way to try
 * the API.
 */
export function homePage({ reference, providers, publicUrl = '', basePath }: HomeFeatures): StaticContent {
  const links = [
    ...(reference ? REFERENCE : []),
    ['/docs/errors', 'Error codes'] as const,
    ['/health', 'Health'] as const,
  ];
  const main = [
    '<h1>api-gateway</h1>',
    `<p>Version ${escapeHtml(VERSION)}</p>`,
    '<ul>',
    ...links.map(([path, text]) => `<li><a href="${basePath}${path}">${text}</a></li>`),
    '</ul>',
  ];
  if (providers.length === 0) return htmlPage('api-gateway', main);
  const sections = [...main, ...signedOut(providers, publicUrl), ...signedIn()];
  return htmlPage('api-gateway', sections, `${basePath}/${HOME_SCRIPT}`);
}

/** Returns the script of the front page. It calls only what any page of this origin may call. */
export function homeScript(): StaticContent {
  const script = readFileSync(new URL('home.client.js', import.meta.url));
  return new StaticContent(script, { 'content-type': 'text/javascript; charset=utf-8' });
}

/** Returns the content that is shown before the script has run, and without scripts. */
function signedOut(providers: readonly string[], publicUrl: string): string[] {
  return [
    '<section id="sign-in" aria-labelledby="sign-in-title">',
    '<h2 id="sign-in-title">Sign in</h2>',
    '<ul>',
    ...providers.map(
      (name) => `<li><a href="${escapeHtml(publicUrl)}/auth/${name}/login">Sign in with ${escapeHtml(name)}</a></li>`,
    ),
    '</ul>',
    '</section>',
  ];
}

function signedIn(): string[] {
  return [
    '<div id="signed-in" hidden>',
    '<section aria-labelledby="session-title">',
    '<h2 id="session-title">Your session</h2>',
    '<dl id="session"></dl>',
    '<button id="sign-out" type="button">Sign out</button>',
    '</section>',
    '<section aria-labelledby="users-title">',
    '<h2 id="users-title">Users</h2>',
    '<p><button id="list-users" type="button">List users</button></p>',
    '<table id="users" hidden>',
    '<caption>The first users of your tenant</caption>',
    '<thead><tr><th scope="col">Name</th><th scope="col">E-mail</th><th scope="col">Roles</th></tr></thead>',
    '<tbody></tbody>',
    '</table>',
    '</section>',
    '<section aria-labelledby="ai-title">',
    '<h2 id="ai-title">Ask</h2>',
    '<form id="ask">',
    '<label for="query">Question</label>',
    '<input id="query" value="What is new?" required maxlength="1000" autocomplete="off">',
    '<button>Ask</button>',
    '</form>',
    '<p><output id="answer" for="query" aria-live="polite"></output></p>',
    '</section>',
    '</div>',
    '<p id="status" role="status"></p>',
  ];
}
