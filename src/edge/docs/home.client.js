/** Runs in the browser, on the front page: signs nobody in itself, and never sees a token. */

/** Where the gateway is on its host: this script is `docs/home.js` below it. */
const BASE = new URL('..', import.meta.url).pathname.slice(0, -1);

const byId = (id) => document.getElementById(id);

/** What the gateway asks of a page that uses its cookie. */
const FROM_PAGE = { 'x-csrf': '1' };

async function call(path, init = {}) {
  const response = await fetch(BASE + path, { ...init, headers: { ...FROM_PAGE, ...init.headers } });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({ detail: `status ${response.status}` }));
  throw Object.assign(new Error(problem.detail), { status: response.status });
}

/** Runs an action of the person's, and says what came of it. */
async function act(button, action) {
  button.disabled = true;
  byId('status').textContent = '';
  try {
    await action();
  } catch (error) {
    if (error.status === 401) show(undefined);
    byId('status').textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

/** Shows who is signed in, or how to sign in. What belonged to somebody else is gone from the page. */
function show(session) {
  byId('users').querySelector('tbody').replaceChildren();
  byId('users').hidden = true;
  byId('answer').textContent = '';
  byId('session').replaceChildren();
  byId('sign-in').hidden = session !== undefined;
  byId('signed-in').hidden = session === undefined;
  if (session === undefined) return;
  const facts = {
    User: session.subject,
    Tenant: session.tenantId,
    Permissions: session.permissions.join(', '),
    'Signed in at': session.provider,
    'Session ends': new Date(session.expireTime).toLocaleString(),
  };
  for (const [name, value] of Object.entries(facts)) {
    const term = document.createElement('dt');
    const text = document.createElement('dd');
    term.textContent = name;
    text.textContent = value;
    byId('session').append(term, text);
  }
}

async function readSession() {
  try {
    show(await (await call('/auth/session')).json());
  } catch (error) {
    show(undefined);
    if (error.status !== 401) byId('status').textContent = error.message;
  }
}

async function listUsers() {
  const { users } = await (await call('/api/v1/users?pageSize=10')).json();
  const rows = users.map((user) => {
    const row = document.createElement('tr');
    for (const text of [user.displayName, user.email, user.roles.join(', ')]) {
      row.insertCell().textContent = text;
    }
    return row;
  });
  byId('users')
    .querySelector('tbody')
    .replaceChildren(...rows);
  byId('users').hidden = false;
}

/** Shows an answer as it comes: one JSON value a line. */
async function ask() {
  const answer = byId('answer');
  answer.textContent = '';
  const response = await call('/api/v1/ai:stream', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
    body: JSON.stringify({ query: byId('query').value }),
  });
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines.filter(Boolean)) {
      const { token = '', error } = JSON.parse(line);
      if (error !== undefined) throw new Error(error.detail);
      answer.textContent += token;
    }
  }
}

async function signOut() {
  const { logoutUrl } = await (await call('/auth/logout', { method: 'POST' })).json();
  show(undefined);
  location.assign(logoutUrl);
}

/** Back to where a person wanted to go before they were sent here. The gateway takes no address but its own. */
function keepReturnPath() {
  const returnTo = new URLSearchParams(location.search).get('returnTo');
  if (returnTo === null) return;
  for (const link of byId('sign-in').querySelectorAll('a')) {
    link.search = new URLSearchParams({ returnTo }).toString();
  }
}

byId('list-users').addEventListener('click', ({ target }) => void act(target, listUsers));
byId('sign-out').addEventListener('click', ({ target }) => void act(target, signOut));
byId('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  void act(event.submitter, ask);
});
// A browser may keep the page as it was: nothing of it is to be seen after somebody signed out.
addEventListener('pagehide', () => show(undefined));
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) void readSession();
});
keepReturnPath();
await readSession();
