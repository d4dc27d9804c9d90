import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The part of a .cpuprofile that is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Self time of one origin of code. */
export interface Share {
  readonly origin: string;
  /** Of the time that was not idle. */
  readonly share: number;
}

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/;
/** protobufjs compiles one function per message type, with these names. */
const COMPILED = /\$(?:encode|decode|toObject|fromObject)$/;
const IDLE = '(idle)';

/** Package, node: module, or kind of work that a frame belongs to. */
export function originOf(functionName: string, url: string): string {
  const found = PACKAGE.exec(url)?.[1];
  if (found !== undefined) return found;
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/');
  if (url !== '') return 'own code';
  if (COMPILED.test(functionName)) return 'protobufjs';
  return functionName.startsWith('(') ? functionName : `native ${functionName}`;
}

/** Self time by origin, largest first. */
export function sharesOf({ nodes, samples, timeDeltas }: CpuProfile): Share[] {
  const origins = new Map(nodes.map(({ id, callFrame }) => [id, originOf(callFrame.functionName, callFrame.url)]));
  const totals = new Map<string, number>();
  samples.forEach((id, at) => {
    const origin = origins.get(id) ?? 'unknown';
    totals.set(origin, (totals.get(origin) ?? 0) + (timeDeltas[at] ?? 0));
  });
  totals.delete(IDLE);
  const all = [...totals.values()].reduce((sum, value) => sum + value, 0);
  return [...totals].map(([origin, time]) => ({ origin, share: time / all })).toSorted((a, b) => b.share - a.share);
}

/** Text for the largest profile in a folder, that of the main thread; undefined when the system wrote none. */
export function describeProfile(title: string, folder: string): string | undefined {
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  const [file] = files.toSorted((a, b) => statSync(join(folder, b)).size - statSync(join(folder, a)).size);
  if (file === undefined) return undefined;
  const shares = sharesOf(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile);
  const lines = shares
    .filter(({ share }) => share >= 0.005)
    .map(({ origin, share }) => `${(share * 100).toFixed(1).padStart(5)} %  ${origin}`);
  return [`${title}: time by package (whole run, start and warm-up included)`, ...lines].join('\n');
}
