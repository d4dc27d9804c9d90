import { defaulted, type Kind, optional, Refusal, type SettingsOf } from '../setting.js';
import { keyMaterial } from '../string-parsers.js';
import { duration } from '../unit-parsers.js';

/** Address and credentials of Redis. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  /** Number of the logical database. */
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
}

const DEFAULT_PORT = 6379;
const FORMS = 'write redis://[user]:[password]@host:6379/0, or rediss:// for TLS';

/** Parses a URL as redis-cli -u does. Errors never quote the value, which may contain a password. */
export const redisUrl: Kind<RedisAddress> = { form: 'Redis URL', secret: true, parse: parseRedisUrl };

function parseRedisUrl(raw: string): RedisAddress {
  if (raw !== raw.trim() || /^["']|["']$/.test(raw)) {
    throw new Refusal('the URL begins or ends with white space or a quote', 'remove it');
  }
  if (!/^rediss?:\/\//i.test(raw)) throw new Refusal('the URL does not have the scheme redis:// or rediss://', FORMS);
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  if (url === undefined) throw new Refusal('the URL cannot be read', `percent-encode the password; ${FORMS}`);
  if (url.hostname === '') throw new Refusal('the URL does not name a host', FORMS);
  if (url.search || url.hash) {
    throw new Refusal('the URL has a part after ? or #', 'leave it out; percent-encode ? and # in a password');
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    database: parseDatabase(url.pathname),
    username: decode(url.username),
    password: decode(url.password),
    tls: url.protocol === 'rediss:',
  };
}

function parseDatabase(path: string): number {
  if (path === '' || path === '/') return 0;
  if (/^\/\d{1,5}$/.test(path)) return Number(path.slice(1));
  throw new Refusal(
    'the path of the URL is not a database number',
    'end it with /0, or with the number of the database',
  );
}

function decode(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal('user name or password is not percent-encoded', 'write % as %25, @ as %40, / as %2F');
  }
}

/** Settings of Redis, the optional store that the instances share. */
export const redisSettings = {
  REDIS_URL: optional(redisUrl, {
    description:
      'URL of the store that the instances share: `redis://` or, with TLS, `rediss://`. Unset: each instance works on its own.',
    example: 'redis://:password@redis:6379/0',
  }),
  GATEWAY_REDIS_COMMAND_TIMEOUT: defaulted(duration({ min: 1, max: 5000 }), '50ms', {
    description:
      'Maximum time that a request waits for Redis. After a timeout requests do not wait until Redis responds again.',
  }),
  GATEWAY_CACHE_KEY: optional(keyMaterial, {
    description:
      'Key that encrypts cached data in Redis (AES-256-GCM): validated credentials, responses, requests with an `Idempotency-Key`, messages of resumable streams. It must be the same in all instances. Unset: each instance keeps this data in its memory.',
  }),
  GATEWAY_CACHE_KEY_PREVIOUS: optional(keyMaterial, {
    description: 'Previous key: data that it encrypted can still be read during the rotation.',
  }),
};

/** Maps the settings of Redis; undefined without it. Secrets are key material: data is encrypted with the first and decrypted with any. */
export function redisOf(settings: SettingsOf<typeof redisSettings>) {
  const { REDIS_URL: address, GATEWAY_REDIS_COMMAND_TIMEOUT: commandTimeoutMs } = settings;
  const { GATEWAY_CACHE_KEY: key, GATEWAY_CACHE_KEY_PREVIOUS: previous } = settings;
  const secrets = [key, previous].filter((secret) => secret !== undefined);
  return address === undefined ? undefined : { address, commandTimeoutMs, secrets };
}

export type RedisConfig = NonNullable<Readonly<ReturnType<typeof redisOf>>>;
