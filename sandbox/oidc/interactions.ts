import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { Directory } from '../data/directory.js';
import { hashPassword } from '../data/password.js';
import { messagePage, signInPage } from './pages.js';

const MAX_FORM_BYTES = 4096;
const HTML = 'text/html; charset=utf-8';

/** Path of the sign-in form of an interaction. */
export const INTERACTION = /^\/interaction\/[\w-]+$/;

/** Shows the sign-in form and handles its submission. */
export async function answerInteraction(
  provider: Provider,
  directory: Directory,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const known = await provider.interactionDetails(request, response).catch(() => undefined);
  if (known === undefined) {
    return send(
      response,
      400,
      messagePage('Nothing to sign in to', 'This sign-in is over: begin again where you came from.'),
    );
  }
  if (request.method !== 'POST') return send(response, 200, signInPage());
  const form = await readForm(request);
  if (form.get('action') === 'cancel') {
    const result = { error: 'access_denied', error_description: 'the person cancelled' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const email = form.get('email') ?? '';
  const accountId = findAccount(directory, email, form.get('password') ?? '');
  if (accountId === undefined) return send(response, 401, signInPage(email, 'No user has this address and password.'));
  await provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false });
}

function findAccount(directory: Directory, email: string, password: string): string | undefined {
  const users = [...directory.users.values()];
  return users.find((user) => user.email === email && user.passwordHash === hashPassword(password, user.id))?.id;
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) {
    text += (chunk as Buffer).toString('utf8');
    if (text.length > MAX_FORM_BYTES) break;
  }
  return new URLSearchParams(text.slice(0, MAX_FORM_BYTES));
}

function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'content-type': HTML, 'cache-control': 'no-store' }).end(html);
}
