import type { ConfigProblem } from './config-error.js';
import { nearest } from '../domain/did-you-mean.js';
import { type Kind, Refusal } from './setting.js';

/** Value for the tokens of one issuer; an undefined issuer means all issuers without their own entry. */
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

/** Parses comma-separated values, each for all issuers, or for one as `issuer=value`. */
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
        throw new Refusal(`has two values for ${owner}`, `separate several values by spaces: ${example}`);
      }
      if (!standard && entries.some(({ issuer }) => issuer === undefined)) {
        throw new Refusal(`"${raw}" does not name its issuer`, `write ${example}`);
      }
      return entries;
    },
  };
}

/** Parses space-separated values. */
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

/** Returns the value for the tokens of an issuer, otherwise the value for all issuers. */
export function valueFor<T>(values: PerIssuer<T>, issuer: string | undefined): T | undefined {
  const own = values.find((each) => each.issuer !== undefined && each.issuer === issuer);
  return (own ?? values.find((each) => each.issuer === undefined))?.value;
}

/** Finds issuers of a setting that are not trusted. */
export function unknownIssuers(
  name: string,
  values: PerIssuer<unknown> | undefined,
  known: readonly string[],
): ConfigProblem[] {
  return (values ?? []).flatMap(({ issuer }) => {
    if (issuer === undefined || known.includes(issuer)) return [];
    const meant = nearest(issuer, known);
    const hint = meant === undefined ? 'name it in JWT_ISSUER or GATEWAY_JWT_ISSUERS' : `did you mean ${meant}?`;
    return [{ name, reason: `names the issuer ${issuer}, which is not trusted`, hint }];
  });
}

function readEntry<T>(entry: string, kind: Kind<T>): IssuerValue<T> {
  // A claim in brackets may contain an equals sign.
  const [, issuer, value] = /^([^[=][^=]*)=(.+)$/.exec(entry) ?? [];
  if (issuer === undefined || value === undefined) return { issuer: undefined, value: kind.parse(entry) };
  return { issuer, value: kind.parse(value) };
}
