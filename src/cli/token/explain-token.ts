import { decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from 'jose';
import { parseEnvironment } from '../../config/environment.js';
import { formatProblem } from '../../config/config-error.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { EXIT_CONFIG, formatTable, type Terminal } from '../terminal.js';
import type { CliContext } from '../cli-context.js';
import { claimChecks } from './claim-checks.js';
import { signatureChecks } from './signature-checks.js';

/** Check of a token, with the terms of the gateway's log. */
export interface TokenCheck {
  readonly name: string;
  readonly status: 'ok' | 'info' | 'fail';
  readonly detail: string;
  readonly remedy?: string;
}

/** Decoded token that is not verified yet. */
export interface DecodedToken {
  readonly text: string;
  readonly header: ProtectedHeaderParameters;
  readonly payload: JWTPayload;
}

export interface TokenOptions {
  readonly json: boolean;
  readonly timeoutMs: number;
}

/**
 * Prints which checks of the gateway a token passes and fails. Neither the token nor its signature is printed.
 * Resolves to the exit code: 1 when the gateway would reject it.
 */
export async function explainToken(
  context: CliContext,
  terminal: Terminal,
  raw: string,
  options: TokenOptions,
): Promise<number> {
  const { problems } = context.inspection;
  if (problems.length > 0) {
    for (const problem of problems) terminal.err(formatProblem(problem));
    return EXIT_CONFIG;
  }
  const checks = await checkToken(parseEnvironment(context.env), raw, options.timeoutMs);
  const isGood = checks.every(({ status }) => status !== 'fail');
  if (options.json) terminal.out(JSON.stringify({ ok: isGood, checks }, null, 2));
  else {
    const rows = checks.map(({ name, status, detail, remedy }) => {
      return [status === 'fail' ? 'FAIL' : status, name, remedy === undefined ? detail : `${detail}; ${remedy}`];
    });
    for (const line of formatTable(rows)) terminal.out(line);
    terminal.out(isGood ? 'the gateway accepts it' : 'the gateway refuses it: 401 UNAUTHENTICATED');
  }
  return isGood ? 0 : 1;
}

/** Runs all checks of a token in the order of the gateway. Never rejects. */
export async function checkToken(config: GatewayConfig, raw: string, timeoutMs: number): Promise<TokenCheck[]> {
  const token = decode(raw);
  if ('status' in token) return [token];
  return [...(await signatureChecks(config, token, timeoutMs)), ...claimChecks(config, token)];
}

/** Accepts the value of an Authorization header, too. */
function decode(raw: string): DecodedToken | TokenCheck {
  const text = raw.trim().replace(/^(?:authorization:\s*)?bearer\s+/i, '');
  try {
    return { text, header: decodeProtectedHeader(text), payload: decodeJwt(text) };
  } catch {
    const remedy = 'give only the access token; API keys and session cookies cannot be explained';
    return { name: 'form', status: 'fail', detail: formFault(text), remedy };
  }
}

function formFault(text: string): string {
  if (text === '') return 'there is no token';
  const parts = text.split('.').length;
  if (parts === 3) return 'its three parts are not those of a JWT';
  return `it is not a signed JWT: ${parts} ${parts === 1 ? 'part' : 'parts'} of 3`;
}
