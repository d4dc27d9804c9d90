interface Entry {
  /** Link, relative to `/debug/pprof/`. */
  readonly path: string;
  readonly explanation: string;
  readonly command: string;
}

const HOST = 'http://localhost:6060';

const ENTRIES: readonly Entry[] = [
  {
    path: 'profile?seconds=30',
    explanation:
      'CPU: which functions run, sampled every millisecond. Also for DevTools and speedscope: format=cpuprofile.',
    command: `go tool pprof -top ${HOST}/debug/pprof/profile?seconds=30`,
  },
  {
    path: 'heap?seconds=10',
    explanation:
      'Memory: allocations from now on that are still in use at the end, which shows leaks. debug=1 as text.',
    command: `go tool pprof -top ${HOST}/debug/pprof/heap?seconds=10`,
  },
  {
    path: 'allocs?seconds=10',
    explanation: 'Garbage: all allocations from now on, including those freed before the end.',
    command: `go tool pprof -top ${HOST}/debug/pprof/allocs?seconds=10`,
  },
  {
    path: 'goroutine?debug=1',
    explanation:
      'Requests in flight by route, stage and upstream; the stack of the main thread; handles and timers. debug=2 lists each request, connection and queue; without debug for pprof.',
    command: `curl -s '${HOST}/debug/pprof/goroutine?debug=1'`,
  },
  {
    path: 'block?debug=1',
    explanation:
      'Blocks of the event loop: its delay, and the stacks that blocked it. For the given seconds, or since the start if GATEWAY_PPROF_BLOCK_RATE is on.',
    command: `go tool pprof -top ${HOST}/debug/pprof/block`,
  },
  {
    path: 'mutex?debug=1',
    explanation:
      'Waits inside the gateway since its start: for permits, connections, the shared rate limits, and work of other requests.',
    command: `go tool pprof -top ${HOST}/debug/pprof/mutex`,
  },
  {
    path: '../eventloop?seconds=5',
    explanation: 'Delay of the event loop in percentiles, its utilization and its longest blocks, as JSON.',
    command: `curl -s '${HOST}/debug/eventloop?seconds=5'`,
  },
  {
    path: '../report',
    explanation: "Node's diagnostic report, without environment and arguments.",
    command: `curl -s ${HOST}/debug/report`,
  },
  {
    path: '../heapsnapshot',
    explanation:
      'The whole heap for DevTools. It stops the gateway for seconds and contains data of requests, including tokens: it requires confirm=1.',
    command: `curl -s '${HOST}/debug/heapsnapshot?confirm=1' -o api-gateway.heapsnapshot`,
  },
];

/** Renders `/debug/pprof/`. */
export function indexPage(): string {
  const rows = ENTRIES.map(
    ({ path, explanation, command }) =>
      `<tr><td><a href="${path}">${path.replace(/\?.*/, '').replace('../', '/debug/')}</a></td><td>${explanation}<br><code>${command.replaceAll('&', '&amp;')}</code></td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Profiles of api-gateway</title></head>
<body>
<h1>Profiles of api-gateway</h1>
<p>One profile is taken at a time, for 120 seconds at most. Names and lines are those of the TypeScript sources.</p>
<table>
${rows.join('\n')}
</table>
</body>
</html>
`;
}
