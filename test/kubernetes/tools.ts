import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '../../.cache');
const BIN = join(CACHE, 'kubernetes/bin');

/** Programs that `go install` builds, at versions that were tried. */
const PROGRAMS = {
  helm: 'helm.sh/helm/v3/cmd/helm@v3.19.5',
  kustomize: 'sigs.k8s.io/kustomize/kustomize/v5@v5.5.0',
  'kube-score': 'github.com/zegl/kube-score/cmd/kube-score@v1.20.0',
} as const;

/** Has the JSON Schemas of Kubernetes 1.25 to 1.37, with those that refuse unknown fields. */
const VALIDATOR = 'kubernetes-validate==1.37.0';

export type Program = keyof typeof PROGRAMS;

/** Returns true if a program runs on this machine. */
export function has(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Keeps what go downloads and builds below .cache. */
export const GO_ENV = {
  ...process.env,
  GOBIN: BIN,
  GOCACHE: join(CACHE, 'interop/gobuild'),
  GOPATH: join(CACHE, 'interop/gopath'),
  GOFLAGS: '-modcacherw',
};

/** Builds what is not built yet, below .cache. */
export function buildPrograms(): void {
  for (const [name, module] of Object.entries(PROGRAMS)) {
    if (!existsSync(join(BIN, name))) execFileSync('go', ['install', module], { env: GO_ENV, stdio: 'inherit' });
  }
}

/** Runs a program; returns its stdout, also when it ends with another code than 0 and `isJudge` is set. */
export function runProgram(name: Program, args: readonly string[], options: { input?: string; isJudge?: true } = {}) {
  try {
    const stdio = ['pipe', 'pipe', options.isJudge ? 'ignore' : 'inherit'] as const;
    return execFileSync(join(BIN, name), args, { input: options.input ?? '', encoding: 'utf8', stdio: [...stdio] });
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (options.isJudge && stdout) return stdout;
    throw error;
  }
}

/** Installs the validator into an environment of its own; returns its path. */
export function installValidator(): string {
  const venv = join(CACHE, 'kubernetes/venv');
  const validator = join(venv, 'bin/kubernetes-validate');
  if (existsSync(validator)) return validator;
  mkdirSync(join(CACHE, 'kubernetes'), { recursive: true });
  execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', VALIDATOR];
  execFileSync(join(venv, 'bin/python'), install, { stdio: 'inherit' });
  return validator;
}
