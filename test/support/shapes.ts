import { readFileSync } from 'node:fs';
import { clone, create, createFileRegistry, fromBinary, setExtension } from '@bufbuild/protobuf';
import type { DescService, FileRegistry, MessageInitShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, MethodOptionsSchema } from '@bufbuild/protobuf/wkt';
import type { MethodDescriptorProto } from '@bufbuild/protobuf/wkt';
import { policy, PolicySchema } from '../../src/gen/gateway/v1/policy_pb.js';
import { http } from '../../src/gen/google/api/annotations_pb.js';
import { HttpRuleSchema } from '../../src/gen/google/api/http_pb.js';

const SET = fromBinary(FileDescriptorSetSchema, readFileSync(new URL('../gen/descriptors.binpb', import.meta.url)));

/** All contracts that only tests use. */
export const testRegistry: FileRegistry = createFileRegistry(SET);

/** test/proto/shapes/v1/shapes.proto as written. */
export const shapeService: DescService = serviceOf(testRegistry);

/** Changes to one RPC of ShapeService. `null` takes the option away. */
export interface RpcEdit {
  readonly policy?: MessageInitShape<typeof PolicySchema> | null;
  readonly http?: MessageInitShape<typeof HttpRuleSchema> | null;
  readonly edit?: (method: MethodDescriptorProto) => void;
}

/** ShapeService with some of its RPCs changed, and all others taken away, as if another proto had been compiled. */
export function shapesWith(edits: Readonly<Record<string, RpcEdit>>): DescService {
  const file = clone(FileDescriptorProtoSchema, shapeService.file.proto);
  for (const service of file.service) {
    service.method = service.method.filter((method) => edits[method.name] !== undefined);
    for (const method of service.method) editMethod(method, edits[method.name] ?? {});
  }
  return serviceOf(createFileRegistry(file, (name) => testRegistry.getFile(name)));
}

function editMethod(method: MethodDescriptorProto, { policy: newPolicy, http: newHttp, edit }: RpcEdit): void {
  const options = create(MethodOptionsSchema, {
    ...(method.options && { idempotencyLevel: method.options.idempotencyLevel }),
  });
  options.$unknown =
    method.options?.$unknown?.filter(
      ({ no }) => !(no === policy.number && newPolicy !== undefined) && !(no === http.number && newHttp !== undefined),
    ) ?? [];
  if (newPolicy) setExtension(options, policy, create(PolicySchema, newPolicy));
  if (newHttp) setExtension(options, http, create(HttpRuleSchema, newHttp));
  method.options = options;
  edit?.(method);
}

function serviceOf(registry: FileRegistry): DescService {
  const service = registry.getService('shapes.v1.ShapeService');
  if (service === undefined) throw new Error('shapes.v1.ShapeService is not in the test set');
  return service;
}
