import { readYaml } from './project-files.js';

export type AlertLabels = Readonly<Record<string, string>>;

interface Inhibition {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal?: readonly string[];
}

/**
 * The alerts that are left when inhibitions are applied, as Alertmanager does: a target is silent while a source fires that
 * agrees in all `equal` labels. What is source and target of one inhibition silences others and not itself.
 */
export function withoutInhibited(firing: readonly AlertLabels[]): readonly AlertLabels[] {
  const { inhibit_rules: rules } = readYaml<{ inhibit_rules: readonly Inhibition[] }>(
    'runbooks/alerts/alertmanager.yml',
  );
  return firing.filter((target) => !rules.some((rule) => firing.some((source) => silences(rule, source, target))));
}

function silences(rule: Inhibition, source: AlertLabels, target: AlertLabels): boolean {
  const isSource = fits(source, rule.source_matchers) && !fits(source, rule.target_matchers);
  return (
    isSource && fits(target, rule.target_matchers) && (rule.equal ?? []).every((name) => source[name] === target[name])
  );
}

/** Returns true if the labels satisfy all matchers; an absent label is empty. */
function fits(labels: AlertLabels, matchers: readonly string[]): boolean {
  return matchers.every((matcher) => {
    const [, name = '', operator = '', wanted = ''] = /^(\w+)(=~|!~|!=|=)"(.*)"$/.exec(matcher) ?? [];
    if (name === '') throw new Error(`${matcher} is not a matcher`);
    const value = labels[name] ?? '';
    const matches = operator.endsWith('~') ? new RegExp(`^(?:${wanted})$`).test(value) : value === wanted;
    return operator.startsWith('!') ? !matches : matches;
  });
}
