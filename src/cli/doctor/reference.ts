import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { probeWire, type Protocol } from './wire-probe.js';
import { medianMs } from './condition.js';

const PROBES = 8;
const GREETING = Buffer.from('?');

/** Writes one byte in response. */
const ECHO: Protocol = {
  name: 'echo',
  alpn: '',
  greeting: GREETING,
  accepts: (bytes) => bytes.length > 0 || undefined,
};

/**
 * Measures a connection of this process to itself while the other probes run: the delay that a busy machine or a pause of
 * this process adds to each of them. Returns ms; 0 when it cannot be measured.
 */
export async function measureReference(timeoutMs: number): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const target = { address: { host: '127.0.0.1', port }, protocol: ECHO, tls: undefined };
    return medianMs(await Promise.all(Array.from({ length: PROBES }, () => probeWire(target, timeoutMs))));
  } catch {
    return 0;
  } finally {
    server.close();
  }
}
