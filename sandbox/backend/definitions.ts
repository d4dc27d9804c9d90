import { fileURLToPath } from 'node:url';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

const PROTO_ROOT = fileURLToPath(new URL('../../proto', import.meta.url));

/**
 * Loads `proto/<name>/v1/<name>.proto`. The .proto file and not the descriptor set of the gateway: from a descriptor
 * set @grpc/proto-loader makes no camel case names and no maps.
 */
export function loadDefinitions(name: string): PackageDefinition {
  return loadSync(`${name}/v1/${name}.proto`, {
    includeDirs: [PROTO_ROOT],
    keepCase: false,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
}

/** Full names of the services in a definition. */
export function serviceNames(definitions: PackageDefinition): string[] {
  return Object.entries(definitions).flatMap(([name, definition]) => ('format' in definition ? [] : [name]));
}
