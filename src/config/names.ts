import { lowerAscii } from '../domain/header-text.js';
import { type Kind, Refusal } from './setting.js';
import { oneOf } from './string-parsers.js';

/** A registered content coding (RFC 9110 8.4.1). */
export type ContentCoding = 'gzip' | 'br' | 'zstd';

/** Characters of an HTTP field name (RFC 9110 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
/** Forbidden request headers (Fetch 2.2.2), which only the browser sets. */
const FORBIDDEN =
  /^(?:cookie2?|host|origin|connection|content-length|date|keep-alive|te|trailer|transfer-encoding|upgrade|via|proxy-.*|sec-.*)$/;
const PARAMETER = /^[\w.\-[\]]+\*?$/;

/** Parses the name of a request header that a page may send; lower case. */
export const headerName: Kind<string> = {
  form: 'header name',
  parse(raw) {
    const name = lowerAscii(raw);
    if (name === '*')
      throw new Refusal('"*" does not match headers of requests with credentials', 'list each header by name');
    if (!TOKEN.test(name)) throw new Refusal(`"${raw}" is not a header name`, 'write names such as x-client-version');
    if (FORBIDDEN.test(name)) throw new Refusal(`"${raw}" is set only by browsers`, 'remove it');
    return name;
  },
};

/** Parses the name of a query parameter, or a prefix followed by `*`. */
export const parameterPattern: Kind<string> = {
  form: 'parameter name',
  parse(raw) {
    if (PARAMETER.test(raw)) return raw;
    throw new Refusal(`"${raw}" is not the name of a query parameter`, 'write utm_source, or utm_* for a prefix');
  },
};

/** Parses the name of a content coding of responses. */
export const contentCoding: Kind<ContentCoding> = {
  form: 'content coding',
  parse: (raw) => oneOf('gzip', 'br', 'zstd').parse(raw),
};
