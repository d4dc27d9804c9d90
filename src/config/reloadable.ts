import { settingsSchema } from './schema.js';
import { upstreamSchema, upstreamVariables } from './schema/upstream-settings.js';
import { settingInfo } from './setting.js';
import { type Environment, isKnownVariable, isSet, upstreamNames } from './variables.js';

/** What becomes of a changed environment in a running process. */
export interface EnvironmentChange {
  /** The changed environment, with the former values of all that a restart is needed for. */
  readonly effective: Environment;
  /** Settings whose new values are in it. */
  readonly reloaded: readonly string[];
  /** Changed settings whose former values stay in force until a restart. */
  readonly needRestart: readonly string[];
}

/** Compares the environment in force with one that was read anew. */
export function compareEnvironments(running: Environment, next: Environment): EnvironmentChange {
  const reloadable = reloadableSettings(running);
  const known = [...new Set([...Object.keys(running), ...Object.keys(next)])].filter(
    (name) => isKnownVariable(name, running) || isKnownVariable(name, next),
  );
  const changed = known.filter((name) => valueOf(running, name) !== valueOf(next, name)).toSorted();
  const needRestart = changed.filter((name) => !reloadable.has(name));
  const former = Object.fromEntries(needRestart.map((name) => [name, running[name]]));
  return {
    effective: { ...next, ...former },
    reloaded: changed.filter((name) => reloadable.has(name)),
    needRestart,
  };
}

/** Names of the settings that a reload takes anew, those of the upstreams of an environment included. */
export function reloadableSettings(env: Environment): ReadonlySet<string> {
  const shared = Object.entries(settingsSchema.shape).filter(([, type]) => settingInfo.get(type)?.reloadable);
  return new Set([...shared.map(([name]) => name), ...upstreamNames(env).flatMap(reloadableOf)]);
}

function reloadableOf(upstream: string): string[] {
  const variables: Readonly<Record<string, string>> = upstreamVariables(upstream);
  return Object.entries(upstreamSchema(upstream).shape).flatMap(([key, type]) =>
    settingInfo.get(type)?.reloadable ? [variables[key] ?? key] : [],
  );
}

function valueOf(env: Environment, name: string): string | undefined {
  return isSet(env, name) ? env[name] : undefined;
}
