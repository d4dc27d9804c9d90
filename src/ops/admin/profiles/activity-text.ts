import type { Activity, CallInFlight } from './diagnostics.js';
import type { Frame } from './profile-builder.js';

/** Activity of the main thread, with the stack mapped to the sources. */
export interface ShownActivity extends Activity {
  readonly frames: readonly Frame[];
}

/** Maximum number of groups of calls on one page. */
const MAX_GROUPS = 500;

/** Renders `goroutine?debug=1`: requests in flight by route, stage and upstream, and what keeps the process alive. */
export function activitySummary(activity: ShownActivity): string {
  const { calls, callCount, resources, queues } = activity;
  const groups = [...Map.groupBy(calls, groupOf)].toSorted(([, a], [, b]) => b.length - a.length);
  return sections(
    [`goroutine profile: total ${callCount}`, `requests in flight: ${callCount}`],
    stackLines(activity),
    table(
      'requests in flight',
      ['count', 'oldest', 'median', 'newest', 'stage', 'upstream', 'route'],
      [...groups.slice(0, MAX_GROUPS).map(([, members]) => groupRow(members)), ...omitted(groups.length, MAX_GROUPS)],
    ),
    table('queues', ['in use', 'capacity', 'waiting', 'name'], queues.map(queueRow)),
    table(
      'active handles and timers',
      ['count', 'kind'],
      Object.entries(resources)
        .toSorted(([, a], [, b]) => b - a)
        .map(([kind, count]) => [`${count}`, kind]),
    ),
  );
}

/** Renders `goroutine?debug=2`: each request, stream, connection and queue. */
export function activityListing(activity: ShownActivity): string {
  const { calls, callCount, sockets, queues } = activity;
  return sections(
    [`goroutine profile: total ${callCount}`],
    stackLines(activity),
    callBlocks(calls, callCount),
    table(
      'connections',
      ['kind', 'local', 'remote', 'read', 'written', 'unsent'],
      sockets.map((each) => [
        each.kind,
        each.local,
        each.remote,
        `${each.bytesRead}`,
        `${each.bytesWritten}`,
        `${each.unsent}`,
      ]),
    ),
    table('queues', ['in use', 'capacity', 'waiting', 'name'], queues.map(queueRow)),
  );
}

function groupOf({ stage, rpc, route }: CallInFlight): string {
  return `${stage} ${rpc} ${route}`;
}

/**
 * Returns the row of a group.
 * @param members sorted by age, the oldest first.
 */
function groupRow(members: readonly CallInFlight[]): string[] {
  const [oldest] = members;
  const median = members[members.length >> 1];
  const ages = [oldest, median, members.at(-1)].map((call) => `${call?.ageMs ?? 0} ms`);
  return [`${members.length}`, ...ages, `stage=${oldest?.stage}`, upstreamOf(oldest), oldest?.route ?? ''];
}

/** Renders calls as blocks like goroutines, so that `grep -A 20` shows one. */
function callBlocks(calls: readonly CallInFlight[], count: number): string[] {
  return [
    ...calls.flatMap((call) => [
      `request ${call.id} [${call.stage}, ${call.ageMs} ms]:`,
      `    route=${call.route}`,
      `    stage=${call.stage}`,
      `    upstream=${upstreamOf(call)}`,
      `    tenant=${call.tenant || '-'}`,
      `    deadline=${deadlineOf(call)}`,
      ...(call.stage === 'stream' ? [`    streamed=${call.streamedBytes} bytes`] : []),
      '',
    ]),
    ...(count > calls.length ? [`… and ${count - calls.length} younger ones`] : []),
  ];
}

function deadlineOf({ deadlineInMs }: CallInFlight): string {
  if (deadlineInMs === null) return 'none';
  return deadlineInMs < 0 ? `${-deadlineInMs} ms ago` : `in ${deadlineInMs} ms`;
}

function upstreamOf(call: CallInFlight | undefined): string {
  return call === undefined || call.upstream === '' ? '-' : `${call.upstream} ${call.rpc}`;
}

function stackLines({ frames }: ShownActivity): string[] {
  if (frames.length === 0) return ['main thread: waits for events'];
  return ['main thread: runs', ...frames.map(({ name, file, line }) => `    ${name} ${file}:${line}`)];
}

function queueRow({ inUse, capacity, waiting, name }: Activity['queues'][number]): string[] {
  return [`${inUse}`, `${capacity}`, `${waiting}`, name];
}

function omitted(count: number, shown: number): string[][] {
  return count > shown ? [[`… and ${count - shown} more`]] : [];
}

/** Renders rows below their titles, in columns. */
export function table(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [columns, ...rows];
  const widths = columns.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  return [
    title,
    ...all.map((row) => `  ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.replace(/ +$/, '')),
  ];
}

/** Joins blocks of lines with an empty line between them. */
export function sections(...blocks: readonly string[][]): string {
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n').replace(/\n+$/, ''))
    .join('\n\n')}\n`;
}
