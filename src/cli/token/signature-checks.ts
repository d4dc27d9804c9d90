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

/** Where the key of a token comes from. */
type Source = { readonly url: string } | { readonly secrets: readonly string[] };

const MAX_SHOWN_KIDS = 10;

/** Algorithm, type, key and signature. Never rejects. */
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

/** RFC 9068, section 4: an ID token is not a key to an API. */
function typeCheck({ claims }: GatewayConfig['jwt'], { header, payload }: DecodedToken): TokenCheck {
  const types = valueFor(claims.types, payload.iss) ?? [ACCESS_TOKEN];
  const type = String(header.typ ?? 'none');
  try {
    checkType(header as JWTHeaderParameters, payload, types);
    return { name: 'typ', status: 'ok', detail: shown(type) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy =
      'send the access token and not the ID token; an issuer that does not mark access tokens with typ at+jwt (RFC 9068) needs GATEWAY_JWT_TYPES';
    return { name: 'typ', status: 'fail', detail: shown(reason), remedy };
  }
}

async function keyChecks(token: DecodedToken, keys: KeySet, url: string): Promise<TokenCheck[]> {
  const { kid } = token.header;
  const known = [...keys.kids].slice(0, MAX_SHOWN_KIDS).map(shown).join(', ') || 'none has a name';
  if (kid !== undefined && !keys.kids.has(kid)) {
    const remedy = 'the key was withdrawn, or the token is of another environment: sign in again, and compare iss';
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
    detail: kid === undefined ? 'none; the only fitting key is taken' : shown(kid),
  };
  return [named, await verified(() => compactVerify(token.text, keys.find))];
}

async function secretCheck(token: DecodedToken, secrets: readonly string[]): Promise<TokenCheck> {
  for (const secret of secrets) {
    const check = await verified(() => compactVerify(token.text, createSecretKey(secret, 'utf8')));
    if (check.status === 'ok') return check;
  }
  const remedy = 'compare JWT_SECRET with that of the issuer: quotes and white space are part of it';
  return { name: 'signature', status: 'fail', detail: 'it is not made with JWT_SECRET', remedy };
}

async function verified(verify: () => Promise<unknown>): Promise<TokenCheck> {
  try {
    await verify();
    return { name: 'signature', status: 'ok', detail: 'it is that of the issuer' };
  } catch {
    const remedy = 'the token was changed, cut short, or signed with another key of the same name';
    return { name: 'signature', status: 'fail', detail: 'it does not fit the key', remedy };
  }
}
