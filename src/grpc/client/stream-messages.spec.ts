import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { answer, frame, GRPC_HEADERS } from '../../../test/support/http2-stub.js';
import { Http2Fixture, soon } from '../../../test/support/http2-fixture.js';
import { getUserCall } from '../../../test/support/transport.js';
import type { MessageStream, TransportCall } from '../transport.js';

const OK = { 'grpc-status': '0' };
const PATH = '/ai.v1.AIService/StreamQuery';

const fixture = new Http2Fixture();
afterEach(() => fixture.close());

function streamCall(): TransportCall {
  const method = { upstream: 'ai', service: 'ai.v1.AIService', name: 'StreamQuery', path: PATH };
  return getUserCall({ method, deadlineAt: soon() });
}

async function collect(stream: MessageStream): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of stream) texts.push(Buffer.from(message).toString());
  return texts;
}

describe('the messages of a server stream', () => {
  it('may be larger than its window', async () => {
    const texts = ['large'.repeat(100_000), 'small', 'large'.repeat(100_000)];
    const stub = await fixture.stub(answer(Buffer.concat(texts.map((text) => frame(Buffer.from(text)))), OK));
    const transport = fixture.open(stub.target);
    expect(await collect(transport.serverStream(streamCall()))).toEqual(texts);
  });

  it('are the same however their bytes are cut', async () => {
    const texts = ['', 'one', '', 'a longer one', ''];
    const bytes = Buffer.concat(texts.map((text) => frame(Buffer.from(text))));
    const stub = await fixture.stub((stream) => {
      stream.respond(GRPC_HEADERS, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(OK));
      for (const byte of bytes) stream.write(Buffer.of(byte));
      stream.end();
    });
    expect(await collect(fixture.open(stub.target).serverStream(streamCall()))).toEqual(texts);
  });

  it('fail of the last one when it is cut off', async () => {
    const whole = frame(Buffer.from('whole'));
    const stub = await fixture.stub(answer(Buffer.concat([whole, whole.subarray(0, 7)]), OK));
    const iterator = fixture.open(stub.target).serverStream(streamCall())[Symbol.asyncIterator]();
    expect(await iterator.next()).toMatchObject({ done: false });
    const { error, failure } = await failureOf(iterator.next());
    expect([error.code, failure.details]).toEqual(['UPSTREAM_ERROR', 'Received a message that was cut off']);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('hold up nobody else on the connection while they are not read', async () => {
    const stub = await fixture.stub((stream, headers) => {
      if (headers[':path'] !== PATH) return answer(frame(Buffer.alloc(800_000)), OK)(stream, headers);
      stream.respond(GRPC_HEADERS);
      stream.write(Buffer.concat(Array.from({ length: 20 }, () => frame(Buffer.alloc(10_000)))));
    });
    const transport = fixture.open(stub.target);
    for (let n = 0; n < 50; n++) await transport.serverStream(streamCall())[Symbol.asyncIterator]().next();
    for (let n = 0; n < 10; n++) expect(await transport.unary(getUserCall())).toHaveLength(800_000);
    expect(stub.sessions).toHaveLength(1);
  });
});
