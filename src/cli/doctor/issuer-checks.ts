import { isIP } from 'node:net';
import { fetchKeys } from '../../access/jwt/fetch-keys.js';
import { parseKeySet } from '../../access/jwt/key-set.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { formatDuration } from '../../config/unit-parsers.js';
import { ssoVariables } from '../../config/schema/sso-settings.js';
import { withDeadline } from '../../domain/loop-timeout.js';
import type { CheckLine } from './check-line.js';
import { checkEndpoint, isUsable, type ProbeLimits } from './endpoint-checks.js';
import { http1 } from './protocols.js';

/** Precision of a Date header, which has whole seconds, and of the response time. */
const DATE_PRECISION_MS = 2_000;

interface Document {
  readonly subject: string;
  readonly setting: string;
  readonly url: string;
  /** Returns a description of valid content; throws an Error for invalid content. */
  readonly read: (text: string) => string;
}

/** Checks key sets of token issuers, metadata of identity providers, and the clock against theirs. Returns one list per document. */
export function checkIssuers(config: GatewayConfig, limits: ProbeLimits): Promise<CheckLine[]>[] {
  const { jwt, sso } = config;
  const keySets: Document[] = [
    ...(jwt.jwksUrl === undefined ? [] : [keySet('jwks', 'JWT_JWKS_URL', jwt.jwksUrl)]),
    ...jwt.issuers.map(({ issuer, jwksUrl }) => keySet(`jwks ${issuer}`, 'GATEWAY_JWT_ISSUERS', jwksUrl)),
  ];
  const providers = [...sso.providers.values()].map(({ name, issuer }): Document => ({
    subject: `issuer ${name}`,
    setting: ssoVariables(name).issuer,
    url: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    read: (text) => readMetadata(text, issuer),
  }));
  return [...keySets, ...providers].map((each) => checkDocument(each, jwt.clockToleranceMs, limits));
}

function keySet(subject: string, setting: string, url: string): Document {
  return { subject, setting, url, read: (text) => countKeys(parseKeySet(text).identities.size) };
}

function countKeys(count: number): string {
  return count === 1 ? '1 usable key' : `${count} usable keys`;
}

function readMetadata(text: string, expected: string): string {
  const { issuer, jwks_uri: keys } = JSON.parse(text) as Record<string, unknown>;
  if (issuer !== expected) throw new Error(`its issuer is ${JSON.stringify(issuer)}, not ${JSON.stringify(expected)}`);
  if (typeof keys !== 'string') throw new Error('it has no jwks_uri');
  return 'its metadata names the issuer and its keys';
}

async function checkDocument(document: Document, toleranceMs: number, limits: ProbeLimits): Promise<CheckLine[]> {
  const { subject, setting, read } = document;
  const url = new URL(document.url);
  const lines = await checkEndpoint({ subject, setting, ...endpointOf(url) }, limits);
  if (!isUsable(lines)) return lines;
  try {
    const { text, date } = await withDeadline(limits.timeoutMs, (signal) => fetchKeys(document.url, signal));
    const aheadMs = date === null ? undefined : Date.now() - Date.parse(date);
    return [...lines, contentLine(document, () => read(text)), ...clockLine(subject, aheadMs, toleranceMs)];
  } catch (error) {
    return [...lines, contentFailure(document, error)];
  }
}

function endpointOf(url: URL) {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isTls = url.protocol === 'https:';
  const address = { host, port: Number(url.port || (isTls ? 443 : 80)) };
  const fixed = isIP(host) !== 0;
  return {
    target: fixed ? { name: undefined, addresses: [address] } : { name: address, addresses: [] },
    protocol: http1(url),
    tls: isTls ? { material: {}, serverName: fixed ? undefined : host } : undefined,
  };
}

function contentLine(document: Document, read: () => string): CheckLine {
  try {
    return { subject: document.subject, step: 'content', status: 'ok', detail: read() };
  } catch (error) {
    return contentFailure(document, error);
  }
}

function contentFailure({ subject, setting, url }: Document, error: unknown): CheckLine {
  const detail = `${url}: ${error instanceof Error ? error.message : String(error)}`;
  const remedy = `compare ${setting} with the metadata of the issuer`;
  return { subject, step: 'content', status: 'fail', detail, remedy };
}

/** Compares the clock of this process, which `exp` and `iat` are checked against, with that of the issuer. */
function clockLine(subject: string, aheadMs: number | undefined, toleranceMs: number): CheckLine[] {
  if (aheadMs === undefined || Number.isNaN(aheadMs)) return [];
  const step = 'clock';
  const seconds = Math.round(aheadMs / 1000);
  const detail = `this clock is ${Math.abs(seconds)}s ${seconds < 0 ? 'behind' : 'ahead of'} the issuer's`;
  if (Math.abs(aheadMs) <= DATE_PRECISION_MS)
    return [{ subject, step, status: 'ok', detail: 'this clock agrees with the issuer' }];
  const status = Math.abs(aheadMs) > toleranceMs + DATE_PRECISION_MS ? 'fail' : 'warn';
  const remedy = `synchronize both by NTP; ${formatDuration(toleranceMs)} are tolerated`;
  return [{ subject, step, status, detail, remedy }];
}
