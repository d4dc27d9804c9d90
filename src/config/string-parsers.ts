import { accessSync, constants } from 'node:fs';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { type Kind, Refusal } from './setting.js';

/** Minimum size of an HS256 key: the size of the hash (RFC 7518 3.2). */
const MIN_SECRET_BYTES = 32;

/** Accepts any text. */
export const text: Kind<string> = { form: 'text', parse: (raw) => raw };

/** Parses an identifier, such as that of a tenant. */
export const name: Kind<string> = {
  form: 'name',
  parse(raw) {
    if (/^[!-~]{1,128}$/.test(raw)) return raw;
    throw new Refusal(`"${raw}" is not a name`, 'write 1 to 128 visible ASCII characters without spaces');
  },
};

/** Parses a `typ` of tokens, in lower case and without `application/` (RFC 7515 4.1.9); `none` for tokens without one. */
export const tokenType: Kind<string> = {
  form: 'type',
  parse(raw) {
    const type = raw.toLowerCase().replace(/^application\//, '');
    if (/^[\w!#$&^.+-]+$/.test(type)) return type;
    throw new Refusal(`"${raw}" is not a token type`, 'write at+jwt, JWT or none');
  },
};

/** Parses a shared secret. White space and quotes are part of it. */
export const secret: Kind<string> = {
  form: 'secret',
  secret: true,
  parse(raw) {
    const size = Buffer.byteLength(raw);
    if (size >= MIN_SECRET_BYTES) return raw;
    throw new Refusal(
      `has ${size} bytes, too few for HS256`,
      `use at least ${MIN_SECRET_BYTES} random bytes: openssl rand -base64 48`,
    );
  },
};

/** Parses key material, from which encryption keys are derived. */
export const keyMaterial: Kind<string> = {
  form: 'secret',
  secret: true,
  parse(raw) {
    const size = Buffer.byteLength(raw);
    if (size >= MIN_SECRET_BYTES) return raw;
    throw new Refusal(
      `has ${size} bytes, too few to encrypt with`,
      `use ${MIN_SECRET_BYTES} random bytes or more: openssl rand -base64 48`,
    );
  },
};

/** Parses one of a closed list of words. */
export function oneOf<const T extends string>(...words: readonly T[]): Kind<T> {
  return {
    form: words.join(', '),
    parse(raw) {
      const word = words.find((each) => each === raw);
      if (word === undefined) throw new Refusal(`"${raw}" is not one of its values`, `write ${words.join(', ')}`);
      return word;
    },
  };
}

/** Parses an absolute http or https URL. It is kept as written, except for the trailing slash of a bare origin. */
export const httpUrl: Kind<string> = {
  form: 'URL',
  parse(raw) {
    const url = URL.canParse(raw) ? new URL(raw) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      throw new Refusal(`"${raw}" is not an http or https URL`, 'write a complete URL: https://host/path');
    }
    if (url.username || url.password) throw new Refusal('the URL contains a user name or password', 'remove it');
    return url.pathname === '/' && !url.search ? url.origin : raw;
  },
};

/** Parses a contact: an e-mail address or an absolute URL. */
export const contact: Kind<string> = {
  form: 'e-mail address or URL',
  parse(raw) {
    if (/^[^\s@:/]+@[\w-]+(?:\.[\w-]+)+$/.test(raw)) return raw;
    if (raw.includes('://')) return httpUrl.parse(raw);
    throw new Refusal(
      `"${raw}" is neither an e-mail address nor a URL`,
      'write api@example.com or https://example.com/help',
    );
  },
};

/** Parses the public URL: an origin, optionally with a path of plain segments. */
export const publicUrl: Kind<string> = {
  form: 'URL',
  parse(raw) {
    const url = httpUrl.parse(raw).replace(/\/+$/, '');
    const { origin: host, pathname } = new URL(url);
    if (url !== host && (url !== host + pathname || !/^(?:\/[\w.~-]+)+$/.test(pathname))) {
      const path = pathname.split('/').filter((segment) => /^[\w.~-]+$/.test(segment));
      throw new Refusal(`"${raw}" contains more than an origin and a plain path`, `write ${[host, ...path].join('/')}`);
    }
    return url;
  },
};

/** Parses the path of a file that this process can read. */
export const file: Kind<string> = {
  form: 'file',
  parse(raw) {
    try {
      accessSync(raw, constants.R_OK);
      return raw;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      throw new Refusal(
        `the file ${raw} cannot be read (${code})`,
        `check the path; it is taken from ${process.cwd()}`,
      );
    }
  },
};

/** Parses an origin as browsers send it in `Origin`: scheme, host and port. */
export const origin: Kind<string> = {
  form: 'origin',
  parse(raw) {
    if (raw.includes('*')) {
      throw new Refusal(`"${raw}" lets any site read responses`, 'list each origin: https://app.example.com');
    }
    if (URL.canParse(raw) && /^https?:/.test(raw) && new URL(raw).origin === raw) return raw;
    throw new Refusal(`"${raw}" is not an origin`, 'write scheme, host and port only: https://app.example.com');
  },
};

/** Parses trusted proxies: a CIDR block, or `unix:` for peers on the Unix domain socket of the gateway. */
export const trustedPeer: Kind<string> = {
  form: 'CIDR block',
  parse: (raw) => (raw === 'unix:' ? raw : cidr.parse(raw)),
};

/** Parses a CIDR block or a single address. */
const cidr: Kind<string> = {
  form: 'CIDR block',
  parse(raw) {
    const [address = '', prefix] = raw.split('/');
    if (prefix !== undefined && /^0+$/.test(prefix)) {
      throw new Refusal(`"${raw}" trusts every address`, 'list the blocks of your proxies: 10.0.0.0/8');
    }
    if (isIP(address) && (prefix === undefined || isPrefix(address, prefix))) return raw;
    throw new Refusal(`"${raw}" is not a CIDR block`, 'write address/prefix: 10.0.0.0/8, fd00::/8');
  },
};

/** Parses comma-separated values. */
export function listOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  return {
    form: `list of ${kind.form}s`,
    parse: (raw) =>
      raw
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== '')
        .map((each) => kind.parse(each)),
  };
}

function isPrefix(address: string, prefix: string): boolean {
  if (!/^\d{1,3}$/.test(prefix)) return false;
  try {
    new BlockList().addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false;
  }
}
