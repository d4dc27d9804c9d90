import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, setExtension, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel as Idempotency,
  MethodOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { Access, policy, PolicySchema, service, ServicePolicySchema } from '../../src/gen/gateway/v1/policy_pb.js';
import { http } from '../../src/gen/google/api/annotations_pb.js';
import { HttpRuleSchema } from '../../src/gen/google/api/http_pb.js';

const BUILT_IN = fileURLToPath(new URL('../../src/gen/descriptors.binpb', import.meta.url));

/** A service with one open RPC, `Get`, at a path of its own. */
export interface NamedService {
  /** `acme.billing.v1.BillingService`. */
  readonly name: string;
  /** Value of its upstream option. */
  readonly upstream?: string;
  /** Its RPC has no annotations, as a proto of somebody else. */
  readonly bare?: boolean;
}

/** A descriptor set for GATEWAY_DESCRIPTORS. */
export interface ServiceSet {
  readonly path: string;
  remove(): void;
}

/** Makes a set of services, each in a file of its own, beside the options that they are annotated with. */
export function serviceSet(...services: readonly NamedService[]): ServiceSet {
  const { file: known } = fromBinary(FileDescriptorSetSchema, readFileSync(BUILT_IN));
  const options = known.filter(({ name }) => /^(?:google|gateway)\//.test(name));
  const folder = mkdtempSync(join(tmpdir(), 'services-'));
  const path = join(folder, 'set.binpb');
  const set = create(FileDescriptorSetSchema, { file: [...options, ...services.map(fileOf)] });
  writeFileSync(path, toBinary(FileDescriptorSetSchema, set));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The path at which the RPC of a service is served. */
export function pathOf(name: string): string {
  return `/named/${name.replaceAll('.', '-')}`;
}

function fileOf({ name, upstream, bare = false }: NamedService) {
  const dot = name.lastIndexOf('.');
  const packageName = name.slice(0, Math.max(0, dot));
  const serviceName = name.slice(dot + 1);
  const methodOptions = create(MethodOptionsSchema, { idempotencyLevel: Idempotency.NO_SIDE_EFFECTS });
  if (!bare) {
    setExtension(methodOptions, policy, create(PolicySchema, { access: Access.OPEN }));
    setExtension(methodOptions, http, create(HttpRuleSchema, { pattern: { case: 'get', value: pathOf(name) } }));
  }
  const serviceOptions = create(ServiceOptionsSchema);
  if (upstream !== undefined) setExtension(serviceOptions, service, create(ServicePolicySchema, { upstream }));
  const message = `${packageName === '' ? '' : `.${packageName}`}.${serviceName}Message`;
  const field = { name: 'text', number: 1, type: Type.STRING, label: Label.OPTIONAL, jsonName: 'text' };
  return create(FileDescriptorProtoSchema, {
    name: `${name.replaceAll('.', '/')}.proto`,
    package: packageName,
    syntax: 'proto3',
    dependency: ['gateway/v1/policy.proto', 'google/api/annotations.proto'],
    messageType: [{ name: `${serviceName}Message`, field: [field] }],
    service: [
      {
        name: serviceName,
        options: serviceOptions,
        method: [{ name: 'Get', inputType: message, outputType: message, options: methodOptions }],
      },
    ],
  });
}
