import { NestFactory } from '@nestjs/core';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import type { Fault } from '../faults/fault.js';
import type { CallLog } from './call-log.js';
import { driftReflection, failCalls } from './call-faults.js';
import { recordCalls } from './call-recorder.js';
import { loadDefinitions, reflectedDefinitions } from './definitions.js';
import { GrpcServer } from './grpc-server.js';

export interface BackendOptions {
  /** Name of the upstream, also in the call log. */
  readonly upstream: string;
  readonly module: Type;
  /** Instances of the sandbox that the module's providers may inject, by class. */
  readonly instances: readonly object[];
  readonly calls: CallLog;
  /** The fault of the moment. */
  readonly fault: () => Fault;
  /** Decides which calls fail. */
  readonly random: () => number;
  /** After which a connection is asked to end; never unless given. */
  readonly maxConnectionAgeMs?: number | undefined;
}

export interface Backend {
  readonly port: number;
  /** Ends every call and closes the port. */
  close(): Promise<void>;
}

@Module({})
class RootModule {}

/** Starts one backend: a NestJS microservice that speaks gRPC on a free port. */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const server = new GrpcServer({
    package: `${options.upstream}.v1`,
    definitions: loadDefinitions(options.upstream),
    reflected: reflectedDefinitions(options.upstream),
    interceptors: [
      recordCalls(options.upstream, options.calls),
      failCalls(options.fault, options.random),
      driftReflection(options.fault),
    ],
    maxConnectionAgeMs: options.maxConnectionAgeMs,
  });
  const app = await NestFactory.createMicroservice(rootModule(options), {
    strategy: server,
    logger: ['fatal', 'error', 'warn'],
    abortOnError: false,
  });
  await app.listen();
  return { port: server.port, close: () => app.close() };
}

function rootModule({ module, instances }: BackendOptions): DynamicModule {
  const providers = instances.map((instance) => ({ provide: instance.constructor, useValue: instance }));
  return {
    module: RootModule,
    global: true,
    imports: [module],
    providers,
    exports: providers.map(({ provide }) => provide),
  };
}
