import { findSourceMap, type SourceMapPayload } from 'node:module';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { CallContext } from '../../../domain/call-context.js';
import { listSockets, type OpenSocket } from './open-sockets.js';
import { scrubbedReport } from './process-report.js';
import type { CodePosition } from './source-positions.js';
import type { WaitTotals } from '../../../observe/wait-profile.js';

/** Key of the global symbol under which the worker finds the diagnostics of its gateway. */
export const DIAGNOSTICS_KEY = 'api-gateway.diagnostics';
/** Maximum length of the lists that are sent to the worker. */
const MAX_LISTED = 2_000;

/** One unfinished request. Contains nothing that the client sent but its id. */
export interface CallInFlight {
  readonly id: string;
  readonly tenant: string;
  readonly route: string;
  readonly stage: string;
  /** Empty on routes of the gateway itself. */
  readonly upstream: string;
  readonly rpc: string;
  readonly ageMs: number;
  /** Negative when it is past; null for streams, which have none. */
  readonly deadlineInMs: number | null;
  readonly streamedBytes: number;
}

/** Calls that wait for a shared resource. */
export interface Queue {
  readonly name: string;
  readonly inUse: number;
  readonly capacity: number;
  readonly waiting: number;
}

/** Activity of the main thread at one moment. */
export interface Activity {
  /** Stack of the running code, innermost first; empty while it waits for events. */
  readonly stack: readonly CodePosition[];
  readonly calls: readonly CallInFlight[];
  readonly callCount: number;
  /** Active handles, requests and timers, by libuv's name for their kind. */
  readonly resources: Readonly<Record<string, number>>;
  readonly sockets: readonly OpenSocket[];
  readonly queues: readonly Queue[];
}

/**
 * Functions that the worker calls in the main thread through the inspector, even in the middle of a loop. They read,
 * never change anything, take milliseconds, and return JSON.
 */
export interface Diagnostics {
  activity(): Activity;
  stack(): readonly CodePosition[];
  waits(): readonly WaitTotals[];
  memory(): MemoryUse;
  utilization(): { readonly idle: number; readonly active: number };
  report(): object;
  sourceMap(path: string): SourceMapPayload | null;
}

/** Memory in bytes. */
export interface MemoryUse extends NodeJS.MemoryUsage {
  readonly heapLimit: number;
  /** Used bytes of each heap space of V8. */
  readonly spaces: Readonly<Record<string, number>>;
}

/** Data that the diagnostics of one gateway read. */
export interface DiagnosticsSources {
  readonly inFlight: Iterable<CallContext> & { readonly size: number };
  readonly waits: () => readonly WaitTotals[];
  readonly queues: () => Iterable<Queue>;
}

/** Registers the diagnostics of a gateway under an id, until `remove` is called on the result. */
export function installDiagnostics(id: string, sources: DiagnosticsSources): { readonly remove: () => void } {
  registry().set(id, {
    activity: () => activity(sources),
    stack: callStack,
    waits: sources.waits,
    memory: memoryUse,
    utilization: () => performance.eventLoopUtilization(),
    report: scrubbedReport,
    sourceMap: (path) => sourceMap(path),
  });
  return { remove: () => void registry().delete(id) };
}

/** Returns the registry of this process, which may run several gateways. */
function registry(): Map<string, Diagnostics> {
  const key = Symbol.for(DIAGNOSTICS_KEY);
  const holder = globalThis as unknown as Record<symbol, Map<string, Diagnostics> | undefined>;
  return (holder[key] ??= new Map());
}

function memoryUse(): MemoryUse {
  const spaces = getHeapSpaceStatistics().map(
    ({ space_name, space_used_size }) => [space_name, space_used_size] as const,
  );
  return {
    ...process.memoryUsage(),
    heapLimit: getHeapStatistics().heap_size_limit,
    spaces: Object.fromEntries(spaces),
  };
}

function activity({ inFlight, queues }: DiagnosticsSources): Activity {
  const now = performance.now();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const oldest = [...inFlight].toSorted((a, b) => a.startedAt - b.startedAt).slice(0, MAX_LISTED);
  return {
    stack: callStack(),
    calls: oldest.map((call) => describe(call, now)),
    callCount: inFlight.size,
    resources,
    sockets: listSockets(MAX_LISTED),
    queues: [...queues()],
  };
}

function describe(call: CallContext, now: number): CallInFlight {
  const { requestId, tenantId, routeLabel, stage, method, startedAt, deadlineAt, bytesStreamed } = call;
  return {
    id: requestId,
    tenant: tenantId,
    route: routeLabel,
    stage,
    upstream: method?.upstream ?? '',
    rpc: method?.path ?? '',
    ageMs: Math.round(now - startedAt),
    deadlineInMs: stage === 'stream' || deadlineAt === Infinity ? null : Math.round(deadlineAt - now),
    streamedBytes: bytesStreamed,
  };
}

/** Returns the source map of a script without the sources, which can be large. */
function sourceMap(path: string): SourceMapPayload | null {
  const payload = findSourceMap(path)?.payload;
  return payload === undefined ? null : { ...payload, sourcesContent: [] };
}

const MAX_FRAMES = 100;

/**
 * Returns the stack of this thread when the inspector interrupted it, innermost first: positions in the running code,
 * not in its sources. Empty when it was waiting for events.
 */
function callStack(): CodePosition[] {
  const { stackTraceLimit } = Error;
  const formatter = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = MAX_FRAMES;
  // Node's own formatter would load source maps here, on a thread that is already late.
  Error.prepareStackTrace = (_error, sites) => sites.map(position);
  try {
    Error.captureStackTrace(holder, callStack);
    const frames = holder.stack as CodePosition[];
    // The frames of the diagnostics are above the frame without a script, which the inspector made.
    return frames.slice(frames.findIndex(({ url }) => url === '') + 1);
  } finally {
    if (formatter === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', formatter);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function position(site: NodeJS.CallSite): CodePosition {
  const method = site.getFunctionName() ?? site.getMethodName() ?? '';
  const type = site.isToplevel() ? null : site.getTypeName();
  const isNamed = type === null || type === 'Object' || method === '' || method.includes('.');
  return {
    functionName: isNamed ? method : `${type}.${method}`,
    url: site.getFileName() ?? '',
    lineNumber: (site.getLineNumber() ?? 1) - 1,
    columnNumber: (site.getColumnNumber() ?? 1) - 1,
  };
}
