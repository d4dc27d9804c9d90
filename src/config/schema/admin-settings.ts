import type { ConfigProblem } from '../config-error.js';
import { formatListenAddress, listenAddress, type ListenAddress } from '../listen-address.js';
import { isOwnHost } from '../loopback.js';
import { defaulted, type Kind, type Known, optional, Refusal, type SettingsOf } from '../setting.js';
import { httpUrl } from '../string-parsers.js';
import { count } from '../unit-parsers.js';

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

/** Settings of the admin listener. */
export const adminSettings = {
  GATEWAY_ADMIN_ADDR: defaulted(listenAddress, '127.0.0.1:6060', {
    description:
      'Address of the admin listener, where operators inspect and change this instance: its state, profiles and circuit breakers, and a live page at `/admin/`. Port 0 takes any free port; an empty value disables the listener.',
  }),
  GATEWAY_ADMIN_AUTH_TOKEN: optional(adminToken, {
    description:
      'Bearer token, or Basic password, of operators; at least 32 characters. Required unless `GATEWAY_ADMIN_ADDR` is a loopback address.',
  }),
  GATEWAY_ADMIN_READ_TOKEN: optional(adminToken, {
    description: 'A second token, for read-only access to the admin listener. Requires `GATEWAY_ADMIN_AUTH_TOKEN`.',
  }),
  GATEWAY_PPROF_BLOCK_RATE: defaulted(count({ max: 1_000_000 }), '0', {
    description:
      'Samples event loop blocks of 50 ms or more for `/debug/pprof/block` from the start of the process: one stack is taken per this many blocks, 1 takes all. 0 samples only while a profile is requested. Sampling uses about 1 % of a CPU.',
  }),
  GATEWAY_PPROF_MUTEX_FRACTION: defaulted(count({ max: 1_000_000 }), '1', {
    description:
      'Samples requests that waited inside the gateway for `/debug/pprof/mutex`: one per this many requests is recorded and weighted accordingly; 1 records each, 0 none.',
  }),
  GATEWAY_RUNBOOKS_URL: optional(httpUrl, {
    description: 'URL under which the files of `runbooks/` are published; the live page links to it.',
    example: 'https://wiki.example/runbooks',
  }),
};

type AdminSettings = SettingsOf<typeof adminSettings>;

/** Admin listener. */
export interface AdminConfig extends ListenAddress {
  /** Undefined only on a loopback address. */
  readonly token: string | undefined;
  /** Token for read-only access; undefined: read-only access is not offered. */
  readonly readToken: string | undefined;
  /** One event loop block per this many is sampled; 0: none. */
  readonly blockRate: number;
  /** One waiting request per this many is recorded; 0: none. */
  readonly mutexFraction: number;
  /** URL under which the pages of runbooks/ are published; undefined: unknown. */
  readonly runbooksUrl: string | undefined;
}

/** Requires a token unless the admin listener is on a loopback address, since it controls the gateway. */
export function adminProblems(settings: Known<AdminSettings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const { GATEWAY_ADMIN_ADDR: address, GATEWAY_ADMIN_AUTH_TOKEN: token } = settings;
  if (address === undefined || unreadable.has('GATEWAY_ADMIN_AUTH_TOKEN')) return [];
  return [
    ...readTokenProblems(settings),
    ...(token !== undefined || isOwnHost(address.host) ? [] : [reachable(address)]),
  ];
}

/** Requires an admin token, different from the read token, when a read token is set. */
function readTokenProblems(settings: Known<AdminSettings>): ConfigProblem[] {
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
export function adminOf(settings: AdminSettings): AdminConfig | undefined {
  const { GATEWAY_ADMIN_ADDR: address, GATEWAY_ADMIN_AUTH_TOKEN: token } = settings;
  const { GATEWAY_ADMIN_READ_TOKEN: readToken, GATEWAY_RUNBOOKS_URL: runbooksUrl } = settings;
  const { GATEWAY_PPROF_BLOCK_RATE: blockRate, GATEWAY_PPROF_MUTEX_FRACTION: mutexFraction } = settings;
  return address === undefined ? undefined : { ...address, token, readToken, runbooksUrl, blockRate, mutexFraction };
}
