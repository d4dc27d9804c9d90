import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import Fastify from 'fastify';
import { aiRoutes } from './ai.routes.js';
import { userRoutes } from './user.routes.js';

const PROTO_ROOT = process.env['PROTO_ROOT'] ?? 'proto';
const upstream = process.env['UPSTREAM'] ?? '127.0.0.1:50052';
const definition = loadSync(['user/v1/user.proto', 'ai/v1/ai.proto'], {
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
  includeDirs: [PROTO_ROOT],
});

function connect(service: string): grpc.Client {
  const Client = grpc.makeGenericClientConstructor(definition[service] as grpc.ServiceDefinition, service);
  return new Client(upstream, grpc.credentials.createInsecure());
}

const app = Fastify();
userRoutes(app, connect('user.v1.UserService'));
aiRoutes(app, connect('ai.v1.AIService'));
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
// A profile is only written by a process that ends on its own.
process.once('SIGTERM', () => process.exit());
