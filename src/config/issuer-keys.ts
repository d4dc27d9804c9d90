import { type Kind, Refusal } from './setting.js';
import { httpUrl } from './string-parsers.js';

/** Trusted issuer and the URL of its keys. */
export interface IssuerKeys {
  /** Value of `iss`. */
  readonly issuer: string;
  readonly jwksUrl: string;
}

/** Parses `issuer=URL of its key set`; the issuer may itself be a URL. */
export const issuerKeys: Kind<IssuerKeys> = {
  form: 'issuer=URL pair',
  parse(raw) {
    const [, issuer, jwksUrl] = /^([^=]+)=(https?:\/\/.+)$/.exec(raw) ?? [];
    if (issuer !== undefined && jwksUrl !== undefined) return { issuer, jwksUrl: httpUrl.parse(jwksUrl) };
    throw new Refusal(
      `"${raw}" does not name an issuer and its keys`,
      'write https://login.example.com=https://login.example.com/jwks.json',
    );
  },
};
