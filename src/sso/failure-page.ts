import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { CallContext } from '../domain/call-context.js';
import type { LoginFailure, LoginOutcome } from './login-outcome.js';
import { type SsoRequest, wantsPage } from './sso-request.js';

type Failure = Exclude<LoginOutcome, 'success'>;

const TEXTS: Readonly<Record<Failure, string>> = {
  user_cancelled: 'The sign-in was cancelled.',
  login_required: 'The identity provider asks you to sign in there first.',
  state_mismatch: 'This sign-in is not known here, has been used, or took too long.',
  nonce_mismatch: 'The answer of the identity provider could not be accepted.',
  idp_error: 'The identity provider could not sign you in.',
  exchange_failed: 'You cannot be signed in here at present.',
};

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem; }
`;

/** Headers of the page: it contains no scripts. */
const FAILURE_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; img-src data:; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
};

/** Reports a failed sign-in: sends a page to a browser navigation, and throws a problem for all other requests. */
export function sendFailure({ outcome, error }: LoginFailure, request: SsoRequest, reply: FastifyReply): void {
  if (!wantsPage(request)) throw error;
  request.call.error = error;
  const headers = { ...FAILURE_PAGE_HEADERS, 'x-gateway-error': error.code };
  void reply.code(error.status).headers(headers).send(failurePage(outcome, request.call));
}

/** Renders the page of a failed sign-in: fixed texts and the request ID. It contains nothing else from the request. */
function failurePage(outcome: Failure, { requestId, basePath }: Pick<CallContext, 'requestId' | 'basePath'>): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Sign-in failed</title>',
    '<link rel="icon" href="data:,">',
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    '<h1>Sign-in failed</h1>',
    `<p>${TEXTS[outcome]}</p>`,
    `<p><a href="${basePath}/">Sign in again</a></p>`,
    `<p><small>Request ${requestId}</small></p>`,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
