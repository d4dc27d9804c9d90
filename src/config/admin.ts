import type { ConfigProblem } from './config-error.js';
import type { AdminConfig } from './gateway-config.js';
import { formatListenAddress, type ListenAddress } from './listen-address.js';
import { isOwnHost } from './loopback.js';
import type { Settings } from './schema.js';
import { type Kind, Refusal } from './setting.js';
import type { Known } from './upstreams.js';

const MIN_TOKEN_LENGTH = 32;
const MAKE_ONE = 'openssl rand -hex 32 makes one';

/** Parses a token of the admin listener. It is sent in a header, so it may not contain white space. */
export const adminToken: Kind<string> = {
  form: 'secret',
  secret: true,
  parse(raw) {
    if (!/^[\x21-\x7e]*$/.test(raw)) {
      throw new Refusal('contains white space or characters other than ASCII', `remove them; ${MAKE_ONE}`);
    }
    if (raw.length >= MIN_TOKEN_LENGTH) return raw;
    throw new Refusal(`has ${raw.length} characters, too few`, `use at least ${MIN_TOKEN_LENGTH}; ${MAKE_ONE}`);
  },
};

/** Requires a token unless the admin listener is on a loopback address, since it controls the gateway. */
export function adminProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const { GATEWAY_ADMIN_ADDR: address, GATEWAY_ADMIN_AUTH_TOKEN: token } = settings;
  if (address === undefined || unreadable.has('GATEWAY_ADMIN_AUTH_TOKEN')) return [];
  return [
    ...readTokenProblems(settings),
    ...(token !== undefined || isOwnHost(address.host) ? [] : [reachable(address)]),
  ];
}

/** Requires an admin token, different from the read token, when a read token is set. */
function readTokenProblems(settings: Known<Settings>): ConfigProblem[] {
  const { GATEWAY_ADMIN_AUTH_TOKEN: token, GATEWAY_ADMIN_READ_TOKEN: readToken } = settings;
  if (readToken === undefined || (token !== undefined && token !== readToken)) return [];
  const reason =
    token === undefined ? 'is set, but GATEWAY_ADMIN_AUTH_TOKEN is not' : 'is the same as GATEWAY_ADMIN_AUTH_TOKEN';
  return [{ name: 'GATEWAY_ADMIN_READ_TOKEN', reason, hint: `set both, to different tokens; ${MAKE_ONE}` }];
}

function reachable(address: ListenAddress): ConfigProblem {
  return tokenMissing(`is ${formatListenAddress(address)}, which other machines may reach`);
}

/** Returns the problem of a reachable GATEWAY_ADMIN_ADDR without GATEWAY_ADMIN_AUTH_TOKEN. @param reason why it is reachable. */
export function tokenMissing(reason: string): ConfigProblem {
  return {
    name: 'GATEWAY_ADMIN_ADDR',
    reason: `${reason}, but GATEWAY_ADMIN_AUTH_TOKEN is not set`,
    hint: `set GATEWAY_ADMIN_AUTH_TOKEN (${MAKE_ONE}), or listen on 127.0.0.1:6060`,
  };
}

/** Maps the settings of the admin listener; undefined when it is disabled. */
export function adminOf(settings: Settings): AdminConfig | undefined {
  const { GATEWAY_ADMIN_ADDR: address, GATEWAY_ADMIN_AUTH_TOKEN: token } = settings;
  const { GATEWAY_ADMIN_READ_TOKEN: readToken, GATEWAY_RUNBOOKS_URL: runbooksUrl } = settings;
  const { GATEWAY_PPROF_BLOCK_RATE: blockRate, GATEWAY_PPROF_MUTEX_FRACTION: mutexFraction } = settings;
  return address === undefined ? undefined : { ...address, token, readToken, runbooksUrl, blockRate, mutexFraction };
}
