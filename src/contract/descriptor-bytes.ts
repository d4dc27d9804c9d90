import { getOption } from '@bufbuild/protobuf';
import type { DescExtension, DescField, DescMethod, DescService, FileRegistry } from '@bufbuild/protobuf';
import { policy, service } from '../gen/gateway/v1/policy_pb.js';
import { http } from '../gen/google/api/annotations_pb.js';
import { method_signature } from '../gen/google/api/client_pb.js';
import { fieldRules } from './field-rules.js';

type RegistryType = FileRegistry extends Iterable<infer T> ? T : never;

const MAX_SET_BYTES = 64 * 1024 * 1024;

/**
 * Decodes the options of all elements of a file, since they are otherwise decoded lazily and an error would no longer
 * name the file. Throws Error for damaged options.
 */
export function readOptions(type: RegistryType): void {
  for (const each of ownersIn(type)) {
    try {
      if (each.kind === 'service') getOption(each, service);
      else if (each.kind !== 'rpc') fieldRules(each);
      else for (const option of [policy, http, method_signature]) getOption(each, option);
    } catch (error) {
      throw new Error(`the options of the ${each.toString()} cannot be read`, { cause: error });
    }
  }
}

function ownersIn(type: RegistryType): readonly (DescService | DescMethod | DescField | DescExtension)[] {
  if (type.kind === 'service') return [type, ...type.methods];
  if (type.kind === 'message') return type.fields;
  return type.kind === 'extension' ? [type] : [];
}

/** Recognizes common wrong files by their first bytes. */
export function recognise(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'is empty';
  if (bytes.length > MAX_SET_BYTES) return `is larger than ${MAX_SET_BYTES} bytes`;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'is compressed with gzip';
  const beginning = Buffer.from(bytes.subarray(0, 512)).toString('latin1').trimStart();
  if (beginning.startsWith('{')) return 'is JSON, not binary';
  if (/^(?:\/\/|\/\*|syntax\s*=|edition\s*=|package\s)/.test(beginning))
    return 'is a .proto source, not a descriptor set';
  return undefined;
}
