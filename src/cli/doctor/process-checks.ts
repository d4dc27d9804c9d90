import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { formatSize } from '../../config/unit-parsers.js';
import type { CheckLine } from './check-line.js';

const MIB = 1024 ** 2;
/** Files that are open at any load: modules, logs, the event loop, connections to Redis and issuers. */
const FILES_AT_REST = 64;
/** Memory in addition to the JavaScript heap: code, buffers, threads, TLS. */
const OFF_HEAP_BYTES = 128 * MIB;
/** Approximate memory of a request in addition to its body. */
const REQUEST_BYTES = 64 * 1024;

/** Limits of this process. */
export interface ProcessLimits {
  /** Open files; undefined: unknown. */
  readonly files: number | undefined;
  /** Bytes; undefined: none. */
  readonly memory: number | undefined;
  /** Bytes of the JavaScript heap. */
  readonly heap: number;
}

/** Reads the limits of this process, which in a pod are those of the gateway. */
export function readProcessLimits(): ProcessLimits {
  const constrained = process.constrainedMemory();
  const isLimited = constrained > 0 && constrained < Number.MAX_SAFE_INTEGER;
  return {
    files: readOpenFilesLimit(),
    memory: isLimited ? constrained : undefined,
    heap: getHeapStatistics().heap_size_limit,
  };
}

/** Compares the limits of the process with the sizes in the settings. */
export function checkProcess(config: GatewayConfig, limits: ProcessLimits): CheckLine[] {
  return [filesLine(config, limits), heapLine(limits), requestsLine(config, limits), cachesLine(config, limits)];
}

function readOpenFilesLimit(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

function filesLine({ server, load, grpc, upstreams }: GatewayConfig, { files }: ProcessLimits): CheckLine {
  const needed = server.maxConnections + upstreams.size * grpc.connectionsPerAddress + FILES_AT_REST;
  const step = 'nofile';
  if (files === undefined) return info(step, 'the limit of open files is unknown');
  const detail = `${files} open files, ${needed} needed for GATEWAY_MAX_CONNECTIONS=${server.maxConnections}`;
  if (files >= needed) return ok(step, detail);
  const status = files < load.maxConcurrentRequests + FILES_AT_REST ? 'fail' : 'warn';
  return { subject: 'process', step, status, detail, remedy: `raise it (ulimit -n ${needed}) or lower the setting` };
}

function heapLine({ memory, heap }: ProcessLimits): CheckLine {
  const step = 'memory';
  if (memory === undefined) return info(step, `no memory limit; the heap may grow to ${mib(heap)}`);
  const detail = `memory limit ${mib(memory)}, heap limit ${mib(heap)}`;
  if (heap + OFF_HEAP_BYTES <= memory) return ok(step, detail);
  const fitting = Math.max(64, Math.floor((memory - OFF_HEAP_BYTES) / MIB));
  const remedy = `set NODE_OPTIONS=--max-old-space-size=${fitting}, or the process is killed (exit code 137) before it collects garbage`;
  return { subject: 'process', step, status: 'warn', detail, remedy };
}

function requestsLine({ server, load }: GatewayConfig, { heap, memory }: ProcessLimits): CheckLine {
  const room = Math.min(heap, memory ?? Infinity);
  const most = load.maxConcurrentRequests * (server.maxBodyBytes + REQUEST_BYTES);
  const step = 'requests';
  const detail = `${load.maxConcurrentRequests} concurrent requests with bodies of ${formatSize(server.maxBodyBytes)} take up to ${mib(most)}`;
  if (most <= room) return ok(step, detail);
  const remedy = `${mib(room)} are available: lower GATEWAY_MAX_CONCURRENT_REQUESTS or GATEWAY_MAX_BODY_BYTES, or rely on load shedding (GATEWAY_SHED_HEAP_PERCENT, GATEWAY_SHED_MEMORY_PERCENT)`;
  const status = load.shedHeapPercent + load.shedMemoryPercent > 0 ? 'info' : 'warn';
  return { subject: 'process', step, status, detail, remedy };
}

function cachesLine(config: GatewayConfig, { heap }: ProcessLimits): CheckLine {
  const caches = config.responseCache.maxBytes + config.authCache.maxBytes + config.idempotency.maxBytes;
  const step = 'caches';
  const detail = `caches take up to ${mib(caches)} of a heap of ${mib(heap)}`;
  if (caches <= heap / 2) return ok(step, detail);
  const remedy = 'lower the sizes of response cache, auth cache and idempotency records to half of the heap';
  return { subject: 'process', step, status: 'warn', detail, remedy };
}

function ok(step: string, detail: string): CheckLine {
  return { subject: 'process', step, status: 'ok', detail };
}

function info(step: string, detail: string): CheckLine {
  return { subject: 'process', step, status: 'info', detail };
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)}MiB`;
}
