import { settingsSchema } from './schema.js';
import { upstreamSchema, upstreamVariables } from './schema/upstream-settings.js';
import { settingInfo } from './setting.js';
import { type Environment, isKnownVariable, isSet, upstreamNames } from './variables.js';

/** Effect of a changed environment on a running process. */
export interface EnvironmentChange {
  /** The changed environment, with the previous values of settings that need a restart. */
  readonly effective: Environment;
  /** Changed settings that take effect. */
  readonly reloaded: readonly string[];
  /** Changed settings that take effect only after a restart. */
  readonly needRestart: readonly string[];
}

/** Compares the current environment with one that was read again. */
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

/** Returns the names of reloadable settings, including those of the upstreams of an environment. */
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
