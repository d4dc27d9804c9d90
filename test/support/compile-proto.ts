import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  createFileRegistry,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const ROOT = join(import.meta.dirname, '../..');

/** The descriptor set of a team's protos, built as the README asks teams to build theirs. */
export interface CompiledProto {
  /** For GATEWAY_DESCRIPTORS. */
  readonly path: string;
  readonly registry: FileRegistry;
  service(name: string): DescService;
  message(name: string): DescMessage;
  remove(): void;
}

/** Compiles a proto in the package `extra.v1`; `body` is what follows the usual imports. */
export function compileProto(body: string): CompiledProto {
  const folder = mkdtempSync(join(tmpdir(), 'proto-'));
  for (const name of ['gateway', 'google']) cpSync(join(ROOT, 'proto', name), join(folder, name), { recursive: true });
  cpSync(join(ROOT, 'test/proto-vendor/buf'), join(folder, 'buf'), { recursive: true });
  const file = join(folder, 'extra/v1/extra.proto');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${HEAD}\n${body}`);
  const path = join(folder, 'set.binpb');
  const args = ['build', '--as-file-descriptor-set', '-o', path];
  execFileSync(join(ROOT, 'node_modules/.bin/buf'), args, { cwd: folder, stdio: 'pipe' });
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
  return {
    path,
    registry,
    service: (name) => known(registry.getService(`extra.v1.${name}`), name),
    message: (name) => known(registry.getMessage(`extra.v1.${name}`), name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function known<T>(desc: T | undefined, name: string): T {
  if (desc === undefined) throw new Error(`the proto has no ${name}`);
  return desc;
}

const HEAD = `syntax = "proto3";
package extra.v1;
import "buf/validate/validate.proto";
import "gateway/v1/policy.proto";
import "google/api/annotations.proto";
import "google/api/client.proto";
import "google/api/field_behavior.proto";
import "google/protobuf/any.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";`;
