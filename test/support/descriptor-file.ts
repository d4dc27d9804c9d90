import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** A file for GATEWAY_DESCRIPTORS with one service and all that it needs. */
export interface DescriptorFile {
  readonly path: string;
  remove(): void;
}

export function descriptorFile(service: DescService): DescriptorFile {
  const files = new Map<string, DescFile>();
  const collect = (file: DescFile) => {
    if (files.has(file.name)) return;
    file.dependencies.forEach(collect);
    files.set(file.name, file);
  };
  collect(service.file);
  const set = create(FileDescriptorSetSchema, { file: Array.from(files.values(), ({ proto }) => proto) });
  const folder = mkdtempSync(join(tmpdir(), 'descriptors-'));
  const path = join(folder, 'set.binpb');
  writeFileSync(path, toBinary(FileDescriptorSetSchema, set));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
