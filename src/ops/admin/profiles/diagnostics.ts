import { findSourceMap, type SourceMapPayload } from 'node:module';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { CallContext } from '../../../domain/call-context.js';
import { listSockets, type OpenSocket } from './open-sockets.js';
import { callStack } from './call-stack.js';
import { scrubbedReport } from './process-report.js';
import type { CodePosition } from './source-positions.js';
import type { WaitTotals } from '../../../observe/wait-profile.js';

/** `Symbol.for` of this is where the worker finds the diagnostics of its gateway. */
export const DIAGNOSTICS_KEY = 'api-gateway.diagnostics';
/** Longest lists that cross over to the worker. */
const MAX_LISTED = 2_000;

/** One request that has not been answered. It has nothing that the client wrote but its id. */
export interface CallInFlight {
  readonly id: string;
  readonly tenant: string;
  readonly route: string;
  readonly stage: string;
  /** Empty on routes of the gateway's own. */
  readonly upstream: string;
  readonly rpc: string;
  readonly ageMs: number;
  /** Negative when it is past; null for streams, which have none. */
  readonly deadlineInMs: number | null;
  readonly streamedBytes: number;
}

/** Calls that wait in front of something that others use. */
export interface Queue {
  readonly name: string;
  readonly inUse: number;
  readonly capacity: number;
  readonly waiting: number;
}

/** What the main thread is doing, at one moment. */
export interface Activity {
  /** What it runs, innermost first; empty while it waits for events. */
  readonly stack: readonly CodePosition[];
  readonly calls: readonly CallInFlight[];
  readonly callCount: number;
  /** Active handles, requests and timers, by the name that libuv has for their kind. */
  readonly resources: Readonly<Record<string, number>>;
  readonly sockets: readonly OpenSocket[];
  readonly queues: readonly Queue[];
}

/**
 * What the worker asks the main thread through the inspector, also in the middle of a loop: reads, never changes anything,
 * takes milliseconds, and returns what JSON can carry.
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
  /** Used bytes of each space of the heap of V8. */
  readonly spaces: Readonly<Record<string, number>>;
}

/** What the diagnostics of one gateway read. */
export interface DiagnosticsSources {
  readonly inFlight: Iterable<CallContext> & { readonly size: number };
  readonly waits: () => readonly WaitTotals[];
  readonly queues: () => Iterable<Queue>;
}

/** Makes a gateway visible to its worker, under an id, until it is removed. */
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

/** Several gateways may live in one process. */
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

/** Without the sources themselves, which can be large. */
function sourceMap(path: string): SourceMapPayload | null {
  const payload = findSourceMap(path)?.payload;
  return payload === undefined ? null : { ...payload, sourcesContent: [] };
}
