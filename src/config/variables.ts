import type { ConfigProblem } from './config-error.js';
import { editDistance, nearest } from '../domain/did-you-mean.js';
import { settingsSchema } from './schema.js';
import { settingInfo } from './setting.js';
import { ssoVariables } from './schema/sso-settings.js';
import { BUILT_IN_UPSTREAMS, upstreamVariables } from './schema/upstream-settings.js';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const SETTINGS: ReadonlySet<string> = new Set(Object.keys(settingsSchema.shape));
const TAKES_EMPTY: ReadonlySet<string> = new Set(
  Object.entries(settingsSchema.shape).flatMap(([name, type]) => (settingInfo.get(type)?.takesEmpty ? [name] : [])),
);
const SSO_SETTING = /^GATEWAY_SSO_([A-Z][A-Z0-9_]*?)_(?:ISSUER|CLIENT_ID|CLIENT_SECRET)$/;
const UPSTREAM_URL = /^([A-Z][A-Z0-9_]*)_SERVICE_URL$/;

/** Returns the names of the upstreams of an environment: the built-in ones, and one for each other `<NAME>_SERVICE_URL`. */
export function upstreamNames(env: Environment): readonly string[] {
  return allUpstreamNames(env).filter((name) => takenVariable(name) === undefined);
}

/** Returns the names of the identity providers that have any setting in an environment. */
export function ssoProviderNames(env: Environment): readonly string[] {
  const set = Object.keys(env).filter((name) => isSet(env, name));
  return [...new Set(set.flatMap((name) => SSO_SETTING.exec(name)?.[1]?.toLowerCase() ?? []))];
}

function allUpstreamNames(env: Environment): readonly string[] {
  const set = Object.keys(env)
    .filter((name) => !name.startsWith('GATEWAY_') && isSet(env, name))
    .flatMap((name) => UPSTREAM_URL.exec(name)?.[1]?.toLowerCase() ?? []);
  return [...new Set([...BUILT_IN_UPSTREAMS, ...set])];
}

/** Returns whether a variable is set. Compose files and manifests leave unset variables empty, so empty counts as unset except for settings that accept it. */
export function isSet(env: Environment, name: string): boolean {
  return env[name] !== undefined && (env[name] !== '' || TAKES_EMPTY.has(name));
}

/** Finds unknown variables that look like settings, and upstreams whose settings would be ambiguous. */
export function nameProblems(env: Environment): ConfigProblem[] {
  const upstreams = allUpstreamNames(env);
  const known = knownVariables(env);
  const unknown = Object.keys(env).filter((name) => !known.has(name) && looksLikeSetting(name, known));
  return [
    ...upstreams.flatMap(ambiguityOf),
    ...unknown.toSorted().map((name) => ({ name, reason: 'is not a gateway setting', hint: hintFor(name, known) })),
  ];
}

/** Returns the names of all settings that do not depend on an upstream or a provider, and the addresses of the built-in upstreams. */
export function settingNames(): readonly string[] {
  return [...SETTINGS, ...BUILT_IN_UPSTREAMS.map((name) => upstreamVariables(name).url)];
}

/** Returns whether the gateway reads a variable, given the upstreams and providers that its environment names. */
export function isKnownVariable(name: string, env: Environment): boolean {
  return knownVariables(env).has(name);
}

function knownVariables(env: Environment): ReadonlySet<string> {
  return new Set([
    ...SETTINGS,
    ...allUpstreamNames(env).flatMap((name) => Object.values(upstreamVariables(name))),
    ...Object.keys(env).filter((name) => SSO_SETTING.test(name)),
    ...ssoProviderNames(env).flatMap((name) => Object.values(ssoVariables(name))),
  ]);
}

/** Returns a set variable that may be a misspelling of the missing `name`. */
export function misspellingOf(name: string, env: Environment): string | undefined {
  const others = Object.keys(env).filter((each) => !SETTINGS.has(each) && each !== name);
  return others.find((each) => editDistance(each, name) <= 2);
}

/** Returns whether a variable looks like a setting: any `GATEWAY_*`, and a near miss of a `JWT_*`, which other programs use too. */
function looksLikeSetting(name: string, known: ReadonlySet<string>): boolean {
  if (name.startsWith('GATEWAY_')) return true;
  return name.startsWith('JWT_') && [...known].some((each) => editDistance(name, each) <= 2);
}

function hintFor(name: string, known: ReadonlySet<string>): string {
  if (/^GATEWAY_(SERVICE_(HOST|PORT)|PORT)(_|$)/.test(name)) {
    return 'Kubernetes sets it for a Service named gateway: set enableServiceLinks: false in the pod';
  }
  const bare = name.replace(/^GATEWAY_/, '');
  const meant = known.has(bare) ? bare : nearest(name, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  const upstream = /^GATEWAY_([A-Z0-9_]+?)_(TIMEOUT|GRPC_TRANSPORT|TLS_[A-Z_]+)$/.exec(name)?.[1];
  if (upstream !== undefined) return `set ${upstream}_SERVICE_URL too if it is meant for an upstream, or remove it`;
  return 'remove it; docs/configuration.md lists all settings';
}

function ambiguityOf(upstream: string): ConfigProblem[] {
  const taken = takenVariable(upstream);
  if (taken === undefined) return [];
  const reason = `names an upstream whose setting ${taken} means something else already`;
  return [
    { name: upstreamVariables(upstream).url, reason, hint: 'give the upstream another name, with GATEWAY_UPSTREAMS' },
  ];
}

function takenVariable(upstream: string): string | undefined {
  return Object.values(upstreamVariables(upstream)).find((name) => SETTINGS.has(name));
}
