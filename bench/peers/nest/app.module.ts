import { Module } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { join } from 'node:path';
import { AiController } from './ai.controller.js';
import { UserController } from './user.controller.js';

const PROTO_ROOT = process.env['PROTO_ROOT'] ?? 'proto';
const url = process.env['UPSTREAM'] ?? '127.0.0.1:50052';
const loader = { longs: String, enums: String, defaults: true, oneofs: true, includeDirs: [PROTO_ROOT] };

/** A gateway as the NestJS documentation on gRPC shows it: one client per package, controllers that return Observables. */
@Module({
  imports: [
    ClientsModule.register([
      {
        name: 'USER_PACKAGE',
        transport: Transport.GRPC,
        options: { package: 'user.v1', protoPath: join(PROTO_ROOT, 'user/v1/user.proto'), url, loader },
      },
      {
        name: 'AI_PACKAGE',
        transport: Transport.GRPC,
        options: { package: 'ai.v1', protoPath: join(PROTO_ROOT, 'ai/v1/ai.proto'), url, loader },
      },
    ]),
  ],
  controllers: [UserController, AiController],
})
export class AppModule {}
