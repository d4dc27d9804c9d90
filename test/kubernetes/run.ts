import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differences } from './compare.js';
import { fetchDefinitions, operatorProblems } from './operator-schema.js';
import { buildPrograms, has, installValidator, runProgram } from './tools.js';

const ROOT = join(import.meta.dirname, '../..');
const CHART = join(ROOT, 'charts/api-gateway');
const VERSIONS = ['1.29', '1.30', '1.31', '1.32', '1.33', '1.34', '1.35', '1.36', '1.37'];
/** Kustomizations, and the arguments with which the chart gives the same objects. */
const KUSTOMIZATIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['k8s', []],
  ['kustomize/admin-loopback', ['--set', 'env.GATEWAY_ADMIN_ADDR=127.0.0.1:6060']],
  ['kustomize/admin-off', ['--set-string', 'env.GATEWAY_ADMIN_ADDR=']],
  ['kustomize/admin-network', ['--values', join(ROOT, 'kustomize/admin-network/chart-values.yaml')]],
  [
    'kustomize/production',
    [
      '--set',
      'env.GATEWAY_ADMIN_ADDR=127.0.0.1:6060',
      '--set',
      `image.digest=${digest()}`,
      '--set',
      'annotations.kubernetes\\.io/change-cause=api-gateway 0.1.0',
    ],
  ],
]);
/** Manifests and kustomize components that no overlay contains, with the values that enable them. */
const OPTIONAL: ReadonlyMap<string, readonly string[]> = new Map([
  ['k8s/pod-monitor.yaml', ['podMonitor.enabled']],
  ['k8s/ingress.yaml', ['ingress.enabled']],
  ['k8s/prometheus-rule.yaml', ['prometheusRule.enabled']],
  ['kustomize/components/dashboards', ['dashboards.enabled']],
]);
/** In the place of the PodMonitor, which is the only one that the chart has. */
const SERVICE_MONITOR = 'kustomize/components/service-monitor';
/** Needs what another value switches on, so it is compared together with that. */
const KUBERNETES_RULES = 'k8s/prometheus-rule-kubernetes.yaml';
/** Findings of kube-score that are accepted, each explained in docs/kubernetes.md. */
const ACCEPTED = [/^\[CRITICAL\] .*CPU limit is not set$/, /^\[WARNING\] .*host podAntiAffinity/];

const failures: string[] = [];
const say = (text: string): void => void process.stdout.write(`${text}\n`);

function digest(): string {
  const text = readFileSync(join(ROOT, 'kustomize/production/kustomization.yaml'), 'utf8');
  return /digest: (\S+)/.exec(text)?.[1] ?? '';
}

const build = (path: string): string => runProgram('kustomize', ['build', join(ROOT, path)]);
const template = (...args: readonly string[]): string =>
  runProgram('helm', ['template', 'api-gateway', CHART, '--namespace=production', '--kube-version=1.29', ...args]);

function check(what: string, problems: readonly string[]): void {
  say(`${what}: ${problems.length === 0 ? 'ok' : `${problems.length} problems`}`);
  for (const problem of problems) say(`  ${problem}`);
  failures.push(...problems);
}

function compareChart(): void {
  for (const [path, args] of KUSTOMIZATIONS) {
    check(`chart and ${path}`, differences(build(path), template(...args)));
  }
  const base = build('k8s');
  for (const [path, values] of OPTIONAL) {
    const expected = `${base}\n---\n${path.endsWith('.yaml') ? read(path) : build(path)}`;
    check(`chart and ${path}`, differences(expected, template('--set', enabled(values))));
  }
  const rules = [...(OPTIONAL.get('k8s/prometheus-rule.yaml') ?? []), 'prometheusRule.kubeStateMetrics'];
  const expected = [base, read('k8s/prometheus-rule.yaml'), read(KUBERNETES_RULES)].join('\n---\n');
  check(`chart and ${KUBERNETES_RULES}`, differences(expected, template('--set', enabled(rules))));
}

const enabled = (values: readonly string[]): string => values.map((value) => `${value}=true`).join(',');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Returns the findings of kube-score that are not accepted, and the accepted ones that no longer occur. */
function score(path: string): readonly string[] {
  const output = runProgram('kube-score', ['score', '-', '--output-format=ci'], { input: build(path), isJudge: true });
  const findings = output.split('\n').filter((line) => /^\[(?:CRITICAL|WARNING)\]/.test(line));
  const unused = ACCEPTED.filter((pattern) => !findings.some((line) => pattern.test(line)));
  const others = findings.filter((line) => !ACCEPTED.some((pattern) => pattern.test(line)));
  return [...others, ...unused.map((pattern) => `accepted and not found: ${pattern}`)];
}

function validate(validator: string, version: string, files: readonly string[]): readonly string[] {
  try {
    execFileSync(validator, ['--kubernetes-version', version, '--strict', '--quiet', ...files], { encoding: 'utf8' });
    return [];
  } catch (error) {
    return [(error as { stdout: string }).stdout.trim()];
  }
}

function checkSchemas(): void {
  const validator = installValidator();
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
  const files = [...KUSTOMIZATIONS.keys()].map((path, index) => {
    const file = join(folder, `${index}.yaml`);
    writeFileSync(file, build(path));
    return file;
  });
  const dashboards = join(folder, 'dashboards.yaml');
  writeFileSync(dashboards, build('kustomize/components/dashboards'));
  files.push(join(ROOT, 'k8s/ingress.yaml'), join(ROOT, SERVICE_MONITOR, 'service.yaml'), dashboards);
  for (const version of VERSIONS) check(`strict schema of Kubernetes ${version}`, validate(validator, version, files));
  rmSync(folder, { recursive: true });
}

function checkOperatorSchemas(): void {
  const folder = fetchDefinitions();
  const monitor = `${SERVICE_MONITOR}/service-monitor.yaml`;
  for (const path of ['k8s/pod-monitor.yaml', monitor, 'k8s/prometheus-rule.yaml', KUBERNETES_RULES]) {
    check(`strict schema of ${path}`, operatorProblems(folder, join(ROOT, path)));
  }
}

/** Says why what `install` brings cannot be had on this machine, or nothing. */
function reason(install: () => unknown): string | undefined {
  try {
    install();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Renders manifests, overlays and chart with the real programs, and judges what comes out. `npm run kubernetes`. */
function main(): void {
  if (!has('go', 'version')) return say('kubernetes: skipped, there is no go on the path to build helm and kustomize');
  const unbuilt = reason(buildPrograms);
  if (unbuilt !== undefined)
    return say(`kubernetes: skipped, helm, kustomize and kube-score cannot be built: ${unbuilt}`);
  compareChart();
  for (const path of KUSTOMIZATIONS.keys()) check(`kube-score of ${path}`, score(path));
  const unvalidated = reason(installValidator);
  if (unvalidated === undefined) checkSchemas();
  else say(`strict schemas: skipped, kubernetes-validate cannot be installed: ${unvalidated}`);
  const unfetched = reason(fetchDefinitions);
  if (unfetched === undefined) checkOperatorSchemas();
  else say(`strict schemas of the Prometheus Operator: skipped, its sources cannot be had: ${unfetched}`);
  if (failures.length > 0) process.exitCode = 1;
}

main();
