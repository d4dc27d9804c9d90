import { claimAt, ClaimError } from '../../access/jwt/claim-reader.js';
import { claimReaders } from '../../access/jwt/claims.js';
import { checkAudience } from '../../access/jwt/token-rules.js';
import { type ClaimPath, claimPath } from '../../config/claim-path.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { valueFor } from '../../config/per-issuer.js';
import { audiencesOf } from '../../config/schema/claim-settings.js';
import { formatDuration } from '../../config/unit-parsers.js';
import type { DecodedToken, TokenCheck } from './explain-token.js';
import { shown } from './shown.js';

const MAX_SHOWN = 20;

/** Checks issuer, audience, times and permissions of a token. */
export function claimChecks(config: GatewayConfig, token: DecodedToken): TokenCheck[] {
  return [
    issuerCheck(config, token),
    audienceCheck(config, token),
    ...timeChecks(config, token),
    ...rightChecks(config, token),
  ];
}

function issuerCheck({ jwt }: GatewayConfig, { payload: { iss } }: DecodedToken): TokenCheck {
  const known = [...(jwt.issuer === undefined ? [] : [jwt.issuer]), ...jwt.issuers.map(({ issuer }) => issuer)];
  if (typeof iss !== 'string') {
    const detail = iss === undefined ? 'it is missing' : `${shown(iss)} is not a string`;
    return { name: 'iss', status: 'fail', detail, remedy: 'let the issuer set iss' };
  }
  if (jwt.issuer === undefined || known.includes(iss)) return { name: 'iss', status: 'ok', detail: shown(iss) };
  const remedy = `the gateway expects ${known.join(' or ')}: compare JWT_ISSUER, including a trailing slash`;
  return { name: 'iss', status: 'fail', detail: `${shown(iss)} is not trusted`, remedy };
}

function audienceCheck({ jwt }: GatewayConfig, { payload }: DecodedToken): TokenCheck {
  const audiences = audiencesOf(jwt, payload.iss);
  const paths = valueFor(jwt.claims.audience, payload.iss) ?? [claimPath.parse('aud')];
  const name = textOf(paths);
  try {
    checkAudience(payload, paths, audiences);
    return { name, status: 'ok', detail: audiences.join(' or ') };
  } catch {
    const named = paths.map((path) => valueAt(payload, path)).find((value) => value !== undefined);
    const all: readonly unknown[] = named === undefined ? [] : [named].flat();
    const detail = all.length === 0 ? 'it is missing' : `${list(all)} is not this gateway`;
    const remedy = `ask the issuer for a token for ${audiences.join(' or ')}, or set JWT_AUDIENCE to its audience`;
    return { name, status: 'fail', detail, remedy };
  }
}

function valueAt(payload: DecodedToken['payload'], path: ClaimPath): unknown {
  try {
    return claimAt(payload, path);
  } catch {
    return undefined;
  }
}

function timeChecks({ jwt }: GatewayConfig, { payload }: DecodedToken): TokenCheck[] {
  const { exp, nbf, iat } = payload;
  const nowMs = Date.now();
  const tolerance = jwt.clockToleranceMs;
  const check = (name: string, isGood: boolean, [detail, remedy]: [string, string]): TokenCheck => {
    return isGood ? { name, status: 'ok', detail } : { name, status: 'fail', detail, remedy };
  };
  const clock = `or synchronize the clocks: ${formatDuration(tolerance)} are tolerated`;
  const future = (seconds: number) => seconds * 1000 > nowMs + tolerance;
  return [
    typeof exp === 'number'
      ? check('exp', exp * 1000 > nowMs - tolerance, [ageOf(exp, nowMs), `refresh the token, ${clock}`])
      : check('exp', false, [
          exp === undefined ? 'it is missing' : `${shown(exp)} is not a time`,
          'let the issuer set it',
        ]),
    ...(typeof nbf === 'number' ? [check('nbf', !future(nbf), [ageOf(nbf, nowMs), `wait, ${clock}`])] : []),
    ...(typeof iat === 'number'
      ? [check('iat', !future(iat), [ageOf(iat, nowMs), 'the clock of the issuer is ahead: synchronize both by NTP'])]
      : []),
  ];
}

function rightChecks({ jwt: { claims, issuer, issuers } }: GatewayConfig, { payload }: DecodedToken): TokenCheck[] {
  const known = [...(issuer === undefined ? [] : [issuer]), ...issuers.map((each) => each.issuer)];
  const nameOf = (own: string, paths: readonly ClaimPath[] | undefined) => (paths === undefined ? own : textOf(paths));
  try {
    const { subject, tenantId, roles, permissions } = claimReaders(claims, known)(payload);
    return [
      { name: nameOf('sub', valueFor(claims.subject, payload.iss)), status: 'ok', detail: shown(subject) },
      tenantCheck(tenantId, nameOf('tenant_id', valueFor(claims.tenant, payload.iss))),
      { name: 'roles', status: 'info', detail: list(roles) },
      {
        name: 'permissions',
        status: 'info',
        detail:
          permissions === undefined ? 'not in the token: AuthService.CheckPermission is called' : list(permissions),
      },
    ];
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : '';
    const detail = reason === '' ? 'a claim is missing or has the wrong type' : reason;
    const remedy = 'docs/tokens.md describes which claims are read, and how to configure others';
    return [{ name: 'claims', status: 'fail', detail, remedy }];
  }
}

/** Returns only messages of the gateway about a claim, since other errors contain values. */
function rootOf({ cause }: Error): string {
  return cause instanceof ClaimError ? cause.message : '';
}

function tenantCheck(tenantId: string, name: string): TokenCheck {
  if (tenantId !== '') return { name, status: 'ok', detail: shown(tenantId) };
  const remedy =
    'routes that belong to a tenant respond with 403: let the issuer set it, or set GATEWAY_DEFAULT_TENANT';
  return { name, status: 'info', detail: 'it is missing', remedy };
}

function textOf(paths: readonly ClaimPath[]): string {
  return paths.map(({ text }) => text).join(' or ');
}

function ageOf(seconds: number, nowMs: number): string {
  const differenceMs = Math.round((seconds * 1000 - nowMs) / 1000) * 1000;
  const time = new Date(seconds * 1000);
  if (Number.isNaN(time.getTime())) return `${seconds} is out of range: it must be in seconds since 1970`;
  const distance = formatDuration(Math.abs(differenceMs));
  return `${time.toISOString()} (${differenceMs < 0 ? `${distance} ago` : `in ${distance}`})`;
}

function list(values: readonly unknown[]): string {
  const more = values.length > MAX_SHOWN ? ` and ${values.length - MAX_SHOWN} more` : '';
  return values.length === 0
    ? 'none'
    : values
        .slice(0, MAX_SHOWN)
        .map((value) => shown(value))
        .join(', ') + more;
}
