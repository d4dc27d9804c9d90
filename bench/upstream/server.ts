import { createServer, type Server } from 'node:net';
import { messages } from '../fixtures.js';
import { Connection } from './connection.js';
import { streamReply, unaryReply, type Reply } from './reply.js';

const SERVING = Uint8Array.of(0x08, 0x01);

const replies: ReadonlyMap<string, Reply> = new Map([
  ['/user.v1.UserService/GetUser', unaryReply(messages.user)],
  ['/user.v1.UserService/ListUsers', unaryReply(messages.list)],
  ['/user.v1.UserService/CreateUser', unaryReply(messages.user)],
  ['/ai.v1.AIService/StreamQuery', streamReply(messages.stream)],
  ['/grpc.health.v1.Health/Check', unaryReply(SERVING)],
]);

/** The gRPC backends behind every system under test: no protobuf work, no HTTP/2 library, bytes made beforehand. */
export function createUpstream(): Server {
  return createServer((socket) => new Connection(socket, replies));
}
