import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WriteProgress } from './write-progress.js';

/** More than the buffers of a connection hold. */
const MUCH = Buffer.alloc(32 * 1_048_576);
const LOOK_MS = 100;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Both ends of a connection. */
async function connected(): Promise<{ client: Socket; server: Socket }> {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection');
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [server] = (await accepted) as [Socket];
  client.pause();
  closers.push(
    () => client.destroy(),
    () => server.destroy(),
    () => listener.close(),
  );
  return { client, server };
}

describe('the time that a client has read nothing', () => {
  it('is none where nothing waits for it', async () => {
    const { server } = await connected();
    const progress = new WriteProgress(server);
    expect([progress.look(LOOK_MS), progress.look(LOOK_MS)]).toEqual([0, 0]);
  });

  it('grows with each look while nothing is taken, and begins anew when a part of one write is', async () => {
    const { client, server } = await connected();
    const progress = new WriteProgress(server);
    server.write(MUCH);
    await expect.poll(() => progress.look(LOOK_MS)).toBe(3 * LOOK_MS);
    let read = 0;
    client.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read > MUCH.length / 4) client.pause();
    });
    client.resume();
    await expect.poll(() => progress.look(LOOK_MS)).toBe(0);
    await expect.poll(() => progress.look(LOOK_MS)).toBe(3 * LOOK_MS);
    expect(server.writableLength).toBeGreaterThan(0);
  });

  it('is none once the socket is gone', async () => {
    const { server } = await connected();
    const progress = new WriteProgress(server);
    server.write(MUCH);
    server.destroy();
    await once(server, 'close');
    expect(progress.look(LOOK_MS)).toBe(0);
  });
});
