import { describe, expect, it } from 'vitest';
import { cpuMicroseconds, parseCoreTicks, parseRssBytes, parseStatTicks, rssBytes } from './cpu.js';

const STAT =
  '4242 (node (v24) x) S 1 4242 4242 0 -1 4194304 5432 17 0 0 1234 56 7 8 20 0 11 0 98765 1300000000 12345 18446744073709551615';

describe('reading /proc', () => {
  it('adds user and system time of a process whose name has spaces and brackets', () => {
    expect(parseStatTicks(STAT)).toBe(1234 + 56);
  });

  it('refuses a text without CPU times', () => {
    expect(() => parseStatTicks('4242 (node) S 1')).toThrow('no CPU times');
  });

  it('reads resident memory in bytes', () => {
    expect(parseRssBytes('Name:\tnode\nVmHWM:\t  90000 kB\nVmRSS:\t   81920 kB\nThreads:\t11\n')).toBe(81_920 * 1024);
    expect(() => parseRssBytes('Name:\tzombie\n')).toThrow('no VmRSS');
  });

  it('counts everything of a core but idle time and waiting for disks', () => {
    const stat = 'cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\ncpu1 100 20 3 5000 600 1 2 4 0 0\nintr 1\n';
    expect(parseCoreTicks(stat, 1)).toBe(100 + 20 + 3 + 1 + 2 + 4);
    expect(() => parseCoreTicks(stat, 7)).toThrow('no core 7');
  });

  it.runIf(process.platform === 'linux')('sees what this process uses', () => {
    const before = cpuMicroseconds(process.pid);
    for (const end = process.cpuUsage().user + 100_000; process.cpuUsage().user < end;);
    const spent = cpuMicroseconds(process.pid) - before;
    expect(spent).toBeGreaterThanOrEqual(50_000);
    expect(rssBytes(process.pid)).toBeGreaterThan(10_000_000);
  });
});
