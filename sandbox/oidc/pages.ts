import { PASSWORD, PEOPLE } from '../data/seed.js';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, sans-serif; margin: 0 auto; max-width: 24rem; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; }
label { display: block; font-weight: 600; margin-top: 1rem; }
input, button { box-sizing: border-box; font: inherit; padding: .5rem .75rem; width: 100%; }
button { cursor: pointer; margin-top: 1.25rem; }
button + button { margin-top: .5rem; }
[role=alert] { border-left: .25rem solid #c33; padding-left: .75rem; }
`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Renders the sign-in form; `name` is the last submitted user name. */
export function signInPage(name = '', problem = ''): string {
  return page('Sign in to the sandbox', [
    ...(problem === '' ? [] : [`<p role="alert">${escapeHtml(problem)}</p>`]),
    '<form method="post">',
    '<label for="email">E-mail address</label>',
    `<input id="email" name="email" type="email" autocomplete="username" required value="${escapeHtml(name)}">`,
    '<label for="password">Password</label>',
    '<input id="password" name="password" type="password" autocomplete="current-password" required>',
    '<button name="action" value="sign-in">Sign in</button>',
    '<button name="action" value="cancel" formnovalidate>Cancel</button>',
    '</form>',
    `<p>Users: ${PEOPLE.map(({ email }) => `<code>${email}</code>`).join(', ')}; the password is <code>${PASSWORD}</code>.</p>`,
  ]);
}

/** Renders the confirmation of a sign-out; `form` is oidc-provider's own, without buttons. */
export function signOutPage(form: string): string {
  return page('Sign out of the sandbox?', [
    form,
    '<button autofocus type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>',
    '<button type="submit" form="op.logoutForm">Stay signed in</button>',
  ]);
}

/** Renders a page with a message: the end of a sign-out, or an error. */
export function messagePage(title: string, text: string): string {
  return page(title, [`<p>${escapeHtml(text)}</p>`]);
}

function page(title: string, main: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${escapeHtml(title)}</h1>`,
    ...main,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
