/** A command of the runbooks, and what it must find of a planted fault. */
export interface Recipe {
  /** Planted before it; see test/support/planted.ts. */
  readonly fault?: string;
  /** For bash. `$OUT` is a folder for files. */
  readonly command: string;
  /** Typed at the prompt of pprof. */
  readonly input?: string;
  readonly expected: RegExp;
  /** Needs graphviz. */
  readonly drawn?: boolean;
}

const URL = 'http://localhost:6060/debug/pprof';
const HOT = /plantedHotFunction test\/support\/planted\.ts:\d+$/m;
const LEAK = /plantedLeak test\/support\/planted\.ts:\d+$/m;

export const recipes: readonly Recipe[] = [
  { fault: '/hot', command: `go tool pprof -top ${URL}/profile?seconds=5`, expected: HOT },
  { fault: '/hot', command: `go tool pprof ${URL}/profile?seconds=2`, input: 'top20\n', expected: HOT },
  {
    fault: '/hot',
    command: `go tool pprof -proto -output=$OUT/cpu.pb.gz ${URL}/profile?seconds=2; go tool pprof -top $OUT/cpu.pb.gz`,
    expected: HOT,
  },
  { command: `go tool pprof -dot ${URL}/goroutine`, expected: /^digraph/ },
  {
    fault: '/hot',
    command: `go tool pprof -svg ${URL}/profile?seconds=2`,
    expected: /<svg[^]*plantedHotFunction/,
    drawn: true,
  },
  { fault: '/leak', command: `go tool pprof ${URL}/heap?seconds=2`, input: 'top20 -cum\n', expected: LEAK },
  {
    fault: '/leak',
    command: `go tool pprof ${URL}/heap`,
    input: 'list plantedLeak\n',
    expected: /\d+(?:\.\d+)?[kM]B .*export function plantedLeak/,
  },
  {
    fault: '/leak',
    command: `curl -s ${URL}/heap > $OUT/heap.prof; go tool pprof -top $OUT/heap.prof`,
    expected: LEAK,
  },
  { fault: '/leak', command: `go tool pprof -symbolize=remote -proto ${URL}/heap > $OUT/heap.pb.gz`, expected: /^/ },
  {
    fault: '/churn',
    command: `go tool pprof ${URL}/allocs?seconds=2`,
    input: 'top20 -cum\n',
    expected: /plantedChurn test/,
  },
  { command: `go tool pprof -top ${URL}/goroutine`, expected: /handles and timers$/m },
  { command: `go tool pprof -svg ${URL}/goroutine`, expected: /<svg[^]*handles and timers/, drawn: true },
  { fault: '/long', command: `sleep 1; go tool pprof -top ${URL}/block`, expected: HOT },
  { command: `go tool pprof -top ${URL}/mutex`, expected: /^Type: delay$/m },
];
