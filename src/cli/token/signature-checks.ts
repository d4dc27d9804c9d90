import { createSecretKey } from 'node:crypto';
import { compactVerify, type JWTHeaderParameters } from 'jose';
import { fetchKeys } from '../../access/jwt/fetch-keys.js';
import { ALGORITHMS, type KeySet, parseKeySet } from '../../access/jwt/key-set.js';
import { ACCESS_TOKEN, checkType } from '../../access/jwt/token-rules.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { valueFor } from '../../config/per-issuer.js';
import { withDeadline } from '../../domain/loop-timeout.js';
import type { DecodedToken, TokenCheck } from './explain-token.js';
import { shown } from './shown.js';

/** Source of the key of a token. */
type Source = { readonly url: string } | { readonly secrets: readonly string[] };

const MAX_SHOWN_KIDS = 10;

/** Checks algorithm, type, key and signature. Never rejects. */
export async function signatureChecks(
  { jwt }: GatewayConfig,
  token: DecodedToken,
  timeoutMs: number,
): Promise<TokenCheck[]> {
  const source = sourceOf(jwt, token.payload.iss);
  const isShared = 'secrets' in source;
  const shape = [
    algorithmCheck(token, isShared ? ['HS256'] : ALGORITHMS),
    ...(isShared ? [] : [typeCheck(jwt, token)]),
  ];
  if (shape[0]?.status === 'fail') return shape;
  if (isShared) return [...shape, await secretCheck(token, source.secrets)];
  try {
    const { text } = await withDeadline(timeoutMs, (signal) => fetchKeys(source.url, signal));
    return [...shape, ...(await keyChecks(token, parseKeySet(text), source.url))];
  } catch (error) {
    const detail = `the keys of ${source.url} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return [...shape, { name: 'keys', status: 'fail', detail, remedy: 'run gateway doctor' }];
  }
}

function sourceOf(jwt: GatewayConfig['jwt'], issuer: string | undefined): Source {
  const other = jwt.issuers.find((each) => each.issuer === issuer);
  if (other !== undefined) return { url: other.jwksUrl };
  if (jwt.jwksUrl !== undefined) return { url: jwt.jwksUrl };
  return { secrets: [jwt.secret, jwt.secretPrevious].filter((secret) => secret !== undefined) };
}

function algorithmCheck({ header }: DecodedToken, allowed: readonly string[]): TokenCheck {
  const { alg = '' } = header;
  if (allowed.includes(alg)) return { name: 'alg', status: 'ok', detail: alg };
  const remedy = `let the issuer sign with ${allowed.join(', ')}`;
  return { name: 'alg', status: 'fail', detail: `"${shown(alg)}" is not accepted`, remedy };
}

/** Checks the type: an ID token is not an access token (RFC 9068 4). */
function typeCheck({ claims }: GatewayConfig['jwt'], { header, payload }: DecodedToken): TokenCheck {
  const types = valueFor(claims.types, payload.iss) ?? [ACCESS_TOKEN];
  const type = String(header.typ ?? 'none');
  try {
    checkType(header as JWTHeaderParameters, payload, types);
    return { name: 'typ', status: 'ok', detail: shown(type) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy =
      'send the access token instead of the ID token; an issuer that does not mark access tokens with typ at+jwt (RFC 9068) needs GATEWAY_JWT_TYPES';
    return { name: 'typ', status: 'fail', detail: shown(reason), remedy };
  }
}

async function keyChecks(token: DecodedToken, keys: KeySet, url: string): Promise<TokenCheck[]> {
  const { kid } = token.header;
  const known = [...keys.kids].slice(0, MAX_SHOWN_KIDS).map(shown).join(', ') || 'none has a kid';
  if (kid !== undefined && !keys.kids.has(kid)) {
    const remedy = 'the key was removed, or the token is from another environment: sign in again, and compare iss';
    return [
      {
        name: 'kid',
        status: 'fail',
        detail: `"${shown(kid)}" is not among the keys of ${url} (${known})`,
        remedy,
      },
    ];
  }
  const named: TokenCheck = {
    name: 'kid',
    status: 'ok',
    detail: kid === undefined ? 'none; the only matching key is used' : shown(kid),
  };
  return [named, await verified(() => compactVerify(token.text, keys.find))];
}

async function secretCheck(token: DecodedToken, secrets: readonly string[]): Promise<TokenCheck> {
  for (const secret of secrets) {
    const check = await verified(() => compactVerify(token.text, createSecretKey(secret, 'utf8')));
    if (check.status === 'ok') return check;
  }
  const remedy = 'compare JWT_SECRET with that of the issuer: quotes and white space are part of it';
  return { name: 'signature', status: 'fail', detail: 'it was not made with JWT_SECRET', remedy };
}

async function verified(verify: () => Promise<unknown>): Promise<TokenCheck> {
  try {
    await verify();
    return { name: 'signature', status: 'ok', detail: 'it was made with a key of the issuer' };
  } catch {
    const remedy = 'the token was modified, truncated, or signed with another key of the same kid';
    return { name: 'signature', status: 'fail', detail: 'it does not match the key', remedy };
  }
}
