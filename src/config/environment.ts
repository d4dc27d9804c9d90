import type { z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { configOf, type GatewayConfig } from './gateway-config.js';
import { absentServiceProblems, invariantProblems } from './invariants.js';
import { keySourceProblems } from './key-source.js';
import { storeKeyProblems } from './rotated-keys.js';
import { type Settings, settingsSchema } from './schema.js';
import { adminProblems } from './schema/admin-settings.js';
import { alertProblems } from './schema/alert-settings.js';
import { claimProblems } from './schema/claim-settings.js';
import { listenerProblems } from './schema/listener-settings.js';
import { rateLimitProblems } from './schema/rate-limit-settings.js';
import { ssoSchema, type SsoSource, type SsoValues, ssoVariables } from './schema/sso-settings.js';
import { upstreamSchema, type UpstreamValues, upstreamVariables } from './schema/upstream-settings.js';
import { workerPlaceOf } from './schema/worker-settings.js';
import { type Known, settingInfo } from './setting.js';
import { ssoProblems } from './sso.js';
import { upstreamNameProblems } from './upstream-names.js';
import { transportProblems, upstreamProblems, type UpstreamSource, upstreamSource } from './upstreams.js';
import { type Environment, isSet, misspellingOf, nameProblems, ssoProviderNames, upstreamNames } from './variables.js';
import { configOfWorker, workerProblems } from './workers.js';

interface Reading<T> {
  readonly values: Known<T>;
  readonly problems: readonly ConfigProblem[];
}

/** Valid settings of an environment, and all problems found in it. */
export interface Inspection {
  readonly settings: Known<Settings>;
  /** Built-in upstreams first, including those without an address. */
  readonly upstreams: readonly UpstreamSource[];
  readonly providers: readonly SsoSource[];
  readonly problems: readonly ConfigProblem[];
}

/** Parses and validates an environment into a frozen configuration. Throws {@link ConfigError} with all problems. */
export function parseEnvironment(env: Environment): GatewayConfig {
  const { upstreams, providers, problems } = inspectEnvironment(env);
  if (problems.length > 0) throw new ConfigError(problems);
  const settings = settingsSchema.parse(withoutUnset(env));
  const config = configOf(settings, upstreams, providers);
  const place = workerPlaceOf(env);
  return freezeDeep(place === undefined ? config : configOfWorker(config, place));
}

/** Reads an environment without throwing, for tools that show the valid part of it next to its problems. */
export function inspectEnvironment(env: Environment): Inspection {
  const shared = readSettings(env);
  const readings = upstreamNames(env).map((name) => ({ name, ...readUpstream(name, env) }));
  const upstreams = readings.map(({ name, values }) => upstreamSource(name, values, shared.values));
  const ssoReadings = ssoProviderNames(env).map((name) => ({ name, ...readProvider(name, env) }));
  const providers = ssoReadings.map(({ name, values }) => ({ name, own: values }));
  const unreadable = new Set(shared.problems.map(({ name }) => name));
  const problems = [
    ...readings.flatMap((reading) => reading.problems),
    ...shared.problems,
    ...ssoReadings.flatMap((reading) => reading.problems),
    ...keySourceProblems(shared.values, unreadable),
    ...claimProblems(shared.values, unreadable),
    ...alertProblems(shared.values, unreadable),
    ...adminProblems(shared.values, unreadable),
    ...listenerProblems(shared.values, unreadable),
    ...storeKeyProblems(shared.values, unreadable),
    ...ssoProblems(shared.values, providers, unreadable),
    ...absentServiceProblems(upstreams, providers),
    ...upstreams.flatMap(upstreamProblems),
    ...transportProblems(shared.values, upstreams),
    ...upstreamNameProblems(shared.values),
    ...rateLimitProblems(shared.values),
    ...invariantProblems(shared.values, upstreams),
    ...workerProblems(shared.values, providers),
    ...nameProblems(env),
  ];
  return { settings: shared.values, upstreams, providers, problems };
}

function readSettings(env: Environment): Reading<Settings> {
  const fields = Object.entries(settingsSchema.shape).map(([name, type]) => ({ key: name, variable: name, type }));
  return readFields<Settings>(fields, env);
}

function readUpstream(name: string, env: Environment): Reading<UpstreamValues> {
  const variables: Readonly<Record<string, string>> = upstreamVariables(name);
  const fields = Object.entries(upstreamSchema(name).shape).map(([key, type]) => {
    return { key, variable: variables[key] ?? key, type };
  });
  return readFields<UpstreamValues>(fields, env);
}

function readProvider(name: string, env: Environment): Reading<SsoValues> {
  const variables: Readonly<Record<string, string>> = ssoVariables(name);
  const fields = Object.entries(ssoSchema(name).shape).map(([key, type]) => {
    return { key, variable: variables[key] ?? key, type };
  });
  return readFields<SsoValues>(fields, env);
}

interface Field {
  readonly key: string;
  readonly variable: string;
  readonly type: z.ZodType;
}

/** Reads each field separately, so that an invalid setting does not hide the problems of the others. */
function readFields<T>(fields: readonly Field[], env: Environment): Reading<T> {
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const { key, variable, type } of fields) {
    const result = type.safeParse(isSet(env, variable) ? env[variable] : undefined);
    if (result.success) values[key] = result.data;
    else problems.push(...result.error.issues.map((issue) => toProblem(variable, type, { issue, env })));
  }
  return { values: values as Known<T>, problems };
}

function toProblem(
  name: string,
  type: z.ZodType,
  { issue, env }: { readonly issue: z.core.$ZodIssue; readonly env: Environment },
): ConfigProblem {
  const hint = issue.code === 'custom' ? issue.params?.['hint'] : undefined;
  if (typeof hint === 'string') return { name, reason: maskCredentials(issue.message), hint: maskCredentials(hint) };
  const similar = misspellingOf(name, env);
  const { example = '', orElse } = settingInfo.get(type) ?? {};
  const advice = `set it, for example ${name}=${example}${orElse === undefined ? '' : `, or ${orElse}`}`;
  return { name, reason: issue.message, hint: similar === undefined ? advice : `${similar} is set: is it meant?` };
}

/** Masks user info of URLs, since a URL in the wrong setting may contain a password. */
function maskCredentials(text: string): string {
  return text.replace(/\/\/[^/\s"]*@/g, '//***@');
}

function withoutUnset(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => isSet(env, name)));
}

function freezeDeep<T extends object>(value: T): T {
  if (value instanceof Map) for (const child of value.values()) freezeDeep(child as object);
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) freezeDeep(child);
  }
  return Object.freeze(value);
}
