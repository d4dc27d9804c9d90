import { Server, ServerCredentials, type ServerInterceptor, type ServerOptions } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { ServerGrpc } from '@nestjs/microservices';
import { HealthImplementation } from 'grpc-health-check';
import { serviceNames } from './definitions.js';
import { LOOPBACK } from './loopback.js';

export interface GrpcServerOptions {
  /** Proto package whose services the controllers implement. */
  readonly package: string;
  readonly definitions: PackageDefinition;
  /** Services that server reflection lists. */
  readonly reflected: PackageDefinition;
  readonly interceptors: ServerInterceptor[];
  /** After which a connection is asked to end (GOAWAY), as by a proxy or a rollout; never unless given. */
  readonly maxConnectionAgeMs?: number | undefined;
}

/**
 * Nest's gRPC transport (`Transport.GRPC`) on a free port that it can name: Nest's own asks for a port beforehand, and
 * one that is free now may be taken a moment later.
 */
export class GrpcServer extends ServerGrpc {
  readonly #options: ServerOptions;
  #port = 0;

  constructor(options: GrpcServerOptions) {
    super({
      package: options.package,
      packageDefinition: options.definitions,
      onLoadPackageDefinition: (definitions: PackageDefinition, server: Server) => {
        const services = serviceNames(definitions);
        addHealth(server, services);
        const listed = [...services, 'grpc.health.v1.Health'];
        new ReflectionService(options.reflected, { services: listed }).addToServer(server);
      },
    });
    const { interceptors, maxConnectionAgeMs: age } = options;
    this.#options = { interceptors, ...(age === undefined ? {} : { 'grpc.max_connection_age_ms': age }) };
  }

  /** Port it listens on, once it does. */
  get port(): number {
    return this.#port;
  }

  override async createClient(): Promise<Server> {
    const server = new Server(this.#options);
    this.#port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${LOOPBACK}:0`, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return server;
  }
}

/** grpc.health.v1 for the whole server (the empty name) and for each of its services. */
function addHealth(server: Server, services: readonly string[]): void {
  new HealthImplementation(Object.fromEntries(['', ...services].map((name) => [name, 'SERVING']))).addToServer(server);
}
