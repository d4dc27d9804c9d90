import { once } from 'node:events';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STREAM_TOKENS, messages } from '../fixtures.js';
import { Flag, FRAME_HEADER, frame, FrameType, MESSAGE_HEADER, PREFACE } from '../../src/grpc/h2/frames.js';
import { createUpstream } from './server.js';

import * as grpc from '@grpc/grpc-js';

const identity = (bytes: Buffer) => bytes;

const LIST = '/user.v1.UserService/ListUsers';

function listCall(streamId: number): Buffer {
  const path = Buffer.concat([Buffer.of(0x04, LIST.length), Buffer.from(LIST)]);
  const message = frame(FrameType.DATA, Flag.END_STREAM, streamId, Buffer.alloc(MESSAGE_HEADER));
  return Buffer.concat([frame(FrameType.HEADERS, Flag.END_HEADERS, streamId, path), message]);
}

/** Reads up to the answer to a ping and adds the lengths of the DATA frames before it. */
async function dataBytesUntilPing(socket: Socket): Promise<number> {
  let rest = Buffer.alloc(0);
  let total = 0;
  for (;;) {
    rest = Buffer.concat([rest, ((await once(socket, 'data')) as [Buffer])[0]]);
    while (rest.length >= FRAME_HEADER && rest.length >= FRAME_HEADER + rest.readUIntBE(0, 3)) {
      const length = rest.readUIntBE(0, 3);
      if (rest[3] === FrameType.PING) return total;
      if (rest[3] === FrameType.DATA) total += length;
      rest = rest.subarray(FRAME_HEADER + length);
    }
  }
}

function definition(path: string, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: false,
    responseStream,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

let server: Server;
let client: grpc.Client;
let port: number;

function unary(path: string, metadata = new grpc.Metadata()): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { requestSerialize, responseDeserialize } = definition(path, false);
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, Buffer.alloc(0), metadata, (error, reply) =>
      reply === undefined ? reject(error as grpc.ServiceError) : resolve(reply),
    );
  });
}

beforeAll(async () => {
  server = createUpstream().listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await new Promise((resolve) => server.close(resolve));
});

describe('the upstream', () => {
  it('answers a unary call of grpc-js with the bytes made beforehand', async () => {
    expect(await unary('/user.v1.UserService/GetUser')).toEqual(Buffer.from(messages.user));
  });

  it('keeps answering while headers of random values push each other out of the HPACK table', async () => {
    for (let call = 0; call < 300; call++) {
      const metadata = new grpc.Metadata();
      metadata.set('x-request-id', `${call}-${'Az09._-'.repeat(call % 40)}`);
      metadata.set(`x-name-${call}`, 'value');
      expect(await unary('/grpc.health.v1.Health/Check', metadata)).toEqual(Buffer.of(8, 1));
    }
  });

  it('sends no more than the window of a connection allows, and the rest when it is widened', async () => {
    const calls = 20;
    const socket = connect(port, '127.0.0.1');
    socket.write(Buffer.concat([PREFACE, frame(FrameType.SETTINGS, 0, 0, Buffer.alloc(0))]));
    for (let call = 0; call < calls; call++) socket.write(listCall(2 * call + 1));
    const size = messages.list.length + MESSAGE_HEADER;
    const fitting = Math.floor(65_535 / size);
    socket.write(frame(FrameType.PING, 0, 0, Buffer.alloc(8)));
    expect(await dataBytesUntilPing(socket)).toBe(fitting * size);
    socket.write(frame(FrameType.WINDOW_UPDATE, 0, 0, Buffer.of(0, 0xff, 0xff, 0xff)));
    socket.write(frame(FrameType.PING, 0, 0, Buffer.alloc(8)));
    expect(await dataBytesUntilPing(socket)).toBe((calls - fitting) * size);
    socket.destroy();
  });

  it('streams each token as a message of its own', async () => {
    const { path, requestSerialize, responseDeserialize } = definition('/ai.v1.AIService/StreamQuery', true);
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, Buffer.alloc(0));
    const received: Buffer[] = [];
    for await (const message of call) received.push(message as Buffer);
    expect(received).toEqual(messages.stream.map((bytes) => Buffer.from(bytes)));
    expect(received).toHaveLength(STREAM_TOKENS + 1);
  });

  it('answers UNIMPLEMENTED for a method that it does not have', async () => {
    await expect(unary('/user.v1.UserService/Nothing')).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED });
  });
});
