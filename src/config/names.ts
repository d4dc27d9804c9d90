import { lowerAscii } from '../domain/header-text.js';
import type { ContentCoding } from './http-config.js';
import { type Kind, Refusal } from './setting.js';
import { oneOf } from './string-parsers.js';

/** Characters of an HTTP field name (RFC 9110 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
/** Headers that a browser sets itself and no page may set (Fetch 2.2.2), so that naming them is a mistake. */
const FORBIDDEN =
  /^(?:cookie2?|host|origin|connection|content-length|date|keep-alive|te|trailer|transfer-encoding|upgrade|via|proxy-.*|sec-.*)$/;
const PARAMETER = /^[\w.\-[\]]+\*?$/;

/** Name of a request header that a page may send, in lower case. */
export const headerName: Kind<string> = {
  form: 'header name',
  parse(raw) {
    const name = lowerAscii(raw);
    if (name === '*') throw new Refusal('"*" stands for no header where cookies are sent', 'list each header by name');
    if (!TOKEN.test(name)) throw new Refusal(`"${raw}" is not a header name`, 'write names such as x-client-version');
    if (FORBIDDEN.test(name)) throw new Refusal(`"${raw}" is set by browsers alone`, 'leave it out');
    return name;
  },
};

/** Name of a query parameter, or the beginning of names before a `*`. */
export const parameterPattern: Kind<string> = {
  form: 'parameter name',
  parse(raw) {
    if (PARAMETER.test(raw)) return raw;
    throw new Refusal(
      `"${raw}" is not the name of a query parameter`,
      'write utm_source, or utm_* for all that begin so',
    );
  },
};

/** Name of a content coding that responses can have. */
export const contentCoding: Kind<ContentCoding> = {
  form: 'content coding',
  parse: (raw) => oneOf('gzip', 'br', 'zstd').parse(raw),
};
