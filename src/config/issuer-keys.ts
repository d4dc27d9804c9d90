import { type Kind, Refusal } from './setting.js';
import { httpUrl } from './string-parsers.js';

/** An issuer whose tokens are believed, and where its keys are. */
export interface IssuerKeys {
  /** What `iss` must be. */
  readonly issuer: string;
  readonly jwksUrl: string;
}

/** `issuer=URL of its key set`; the issuer itself may be a URL. */
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
