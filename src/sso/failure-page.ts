import type { LoginOutcome } from './login-outcome.js';

type Failure = Exclude<LoginOutcome, 'success'>;

const TEXTS: Readonly<Record<Failure, string>> = {
  user_cancelled: 'The sign-in was cancelled.',
  state_mismatch: 'This sign-in is not known here, has been used, or took too long.',
  nonce_mismatch: 'The answer of the identity provider could not be accepted.',
  idp_error: 'The identity provider could not sign you in.',
  exchange_failed: 'You cannot be signed in here at present.',
};

/**
 * What a person sees of a sign-in that failed: fixed words and the id to report. Nothing in it comes from the request, and
 * it needs neither style nor script, which the content security policy of every answer forbids.
 */
export function failurePage(outcome: Failure, requestId: string): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<title>Sign-in failed</title>',
    '</head>',
    '<body>',
    '<main>',
    '<h1>Sign-in failed</h1>',
    `<p>${TEXTS[outcome]}</p>`,
    '<p><a href="/">Sign in again</a></p>',
    `<p><small>Request ${requestId}</small></p>`,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
