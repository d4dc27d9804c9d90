import type { Environment } from '../../config/variables.js';

const HIDDEN = '[redacted]';
/** Minimum length of a secret to remove. Shorter ones would remove ordinary words. */
const SHORTEST_SECRET = 6;
const SECRET_NAME = /SECRET|TOKEN|PASSWORD|_KEY$|_KEY_PREVIOUS$|WEBHOOK|REDIS_URL$/;

/** JSON Web Tokens, credentials of Authorization headers, and passwords in URLs. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, HIDDEN],
  [/(bearer|basic)\s+[\w+/=.~-]{8,}/gi, `$1 ${HIDDEN}`],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@"]*):[^\s/@"]+@/gi, `$1:${HIDDEN}@`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, HIDDEN],
];

/** Returns the secret values of the settings, and the parts of URLs with a password. */
export function secretsOf(env: Environment): string[] {
  const values = Object.entries(env).flatMap(([name, value]) => {
    return value !== undefined && SECRET_NAME.test(name) ? [value, ...passwordsIn(value)] : [];
  });
  return [...new Set(values)]
    .filter((value) => value.length >= SHORTEST_SECRET)
    .toSorted((one, other) => other.length - one.length);
}

/** Removes secrets from a text, as a second defense in addition to sources without secrets. */
export function scrub(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, HIDDEN);
  for (const [pattern, replacement] of PATTERNS) clean = clean.replaceAll(pattern, replacement);
  return clean;
}

function passwordsIn(value: string): string[] {
  if (!URL.canParse(value)) return [];
  const { password } = new URL(value);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}
