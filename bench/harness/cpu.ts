import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MICROSECONDS = 1_000_000;
const UTIME = 11;
const STIME = 12;

/** Ticks of CPU time that a process has used, all of its threads together, from the text of /proc/<pid>/stat (proc(5)). */
export function parseStatTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
  if (!Number.isInteger(ticks)) throw new Error(`no CPU times in /proc/<pid>/stat: ${stat}`);
  return ticks;
}

/** Resident memory in bytes from the text of /proc/<pid>/status. */
export function parseRssBytes(status: string): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error('no VmRSS in /proc/<pid>/status');
  return Number(kilobytes) * 1024;
}

/** Ticks that a core did not spend idle or waiting for a disk, from the text of /proc/stat. */
export function parseCoreTicks(stat: string, core: number): number {
  const line = stat.split('\n').find((each) => each.startsWith(`cpu${core} `));
  if (line === undefined) throw new Error(`no core ${core} in /proc/stat`);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').slice(1).map(Number);
  return user + nice + system + irq + softirq + steal;
}

let ticksPerSecond: number | undefined;

function toMicroseconds(ticks: number): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return (ticks * MICROSECONDS) / ticksPerSecond;
}

/** CPU time of a process so far, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  return toMicroseconds(parseStatTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')));
}

/** CPU time that anyone has spent on these cores so far, in microseconds. */
export function coresMicroseconds(cores: readonly number[]): number {
  const stat = readFileSync('/proc/stat', 'utf8');
  return toMicroseconds(cores.reduce((sum, core) => sum + parseCoreTicks(stat, core), 0));
}

/** Resident memory of a process now, in bytes. */
export function rssBytes(pid: number): number {
  return parseRssBytes(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
