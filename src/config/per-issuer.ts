import type { ConfigProblem } from './config-error.js';
import { nearest } from '../domain/did-you-mean.js';
import { type Kind, Refusal } from './setting.js';

/** A value for the tokens of one issuer; an undefined issuer means all that have no entry of their own. */
export interface IssuerValue<T> {
  readonly issuer: string | undefined;
  readonly value: T;
}

export type PerIssuer<T> = readonly IssuerValue<T>[];

interface PerIssuerOptions {
  /** False: each value must name its issuer. */
  readonly standard: boolean;
  readonly example: string;
}

/** Values between commas, each for all issuers, or for one as `issuer=value`. */
export function perIssuer<T>(kind: Kind<T>, { standard, example }: PerIssuerOptions): Kind<PerIssuer<T>> {
  return {
    form: standard ? `${kind.form} or issuer=${kind.form} pairs` : `list of issuer=${kind.form} pairs`,
    parse(raw) {
      const entries = raw
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== '')
        .map((each) => readEntry(each, kind));
      const [repeated] = entries.filter(({ issuer }, at) => entries.findIndex((each) => each.issuer === issuer) !== at);
      if (repeated !== undefined) {
        const owner = repeated.issuer === undefined ? 'all issuers' : repeated.issuer;
        throw new Refusal(`has two values for ${owner}`, `separate several by spaces: ${example}`);
      }
      if (!standard && entries.some(({ issuer }) => issuer === undefined)) {
        throw new Refusal(`"${raw}" does not say which issuer it is about`, `write ${example}`);
      }
      return entries;
    },
  };
}

/** Several values with spaces between them. */
export function wordsOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  return {
    form: `${kind.form}s`,
    parse: (raw) =>
      raw
        .split(' ')
        .filter((each) => each !== '')
        .map((each) => kind.parse(each)),
  };
}

/** Returns the value for the tokens of an issuer, or else the one for all. */
export function valueFor<T>(values: PerIssuer<T>, issuer: string | undefined): T | undefined {
  const own = values.find((each) => each.issuer !== undefined && each.issuer === issuer);
  return (own ?? values.find((each) => each.issuer === undefined))?.value;
}

/** Says which issuers of a setting are none of those whose tokens are believed. */
export function unknownIssuers(
  name: string,
  values: PerIssuer<unknown> | undefined,
  known: readonly string[],
): ConfigProblem[] {
  return (values ?? []).flatMap(({ issuer }) => {
    if (issuer === undefined || known.includes(issuer)) return [];
    const meant = nearest(issuer, known);
    const hint = meant === undefined ? 'name it in JWT_ISSUER or GATEWAY_JWT_ISSUERS' : `did you mean ${meant}?`;
    return [{ name, reason: `names the issuer ${issuer}, whose tokens are not believed`, hint }];
  });
}

function readEntry<T>(entry: string, kind: Kind<T>): IssuerValue<T> {
  // A claim in brackets may have an equals sign of its own.
  const [, issuer, value] = /^([^[=][^=]*)=(.+)$/.exec(entry) ?? [];
  if (issuer === undefined || value === undefined) return { issuer: undefined, value: kind.parse(entry) };
  return { issuer, value: kind.parse(value) };
}
