import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FieldOptionsSchema, FileDescriptorSetSchema, MethodOptionsSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, describe, expect, it } from 'vitest';
import { AIService } from '../gen/ai/v1/ai_pb.js';
import { AuthService } from '../gen/auth/v1/auth_pb.js';
import { field, policy } from '../gen/gateway/v1/policy_pb.js';
import { http } from '../gen/google/api/annotations_pb.js';
import { TenantService } from '../gen/tenant/v1/tenant_pb.js';
import { UserService } from '../gen/user/v1/user_pb.js';
import { DescriptorError, loadDescriptors } from './descriptors.js';
import { buildRouteTable } from './route-table.js';

const EXTRA = fileURLToPath(new URL('../../test/gen/descriptors.binpb', import.meta.url));
const BUILT_IN = fileURLToPath(new URL('../gen/descriptors.binpb', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'descriptors-'));

afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

function problemsOf(...files: string[]): readonly string[] {
  try {
    loadDescriptors(files);
    return [];
  } catch (error) {
    if (error instanceof DescriptorError) return error.problems;
    throw error;
  }
}

describe('the built-in descriptors', () => {
  const descriptors = loadDescriptors();

  it('hold the services of the gateway, and only those with a policy', () => {
    const names = descriptors.services.map((service) => service.typeName);
    expect(names.toSorted()).toEqual(
      [AIService, AuthService, TenantService, UserService].map((service) => service.typeName).toSorted(),
    );
  });

  it('say the same as the generated code', () => {
    const label = (services: Parameters<typeof buildRouteTable>[0]) =>
      // As data: the readers of its fields are compiled for each.
      buildRouteTable(services).routes.map(({ verb, template, method }) => JSON.stringify({ verb, template, method }));
    expect(label(descriptors.services)).toEqual(label([AIService, AuthService, TenantService, UserService]));
  });

  it.each([
    ['user.v1.UserService', 'Manages the users of each tenant.'],
    ['user.v1.UserService.GetUser', "Gets one user of the caller's tenant."],
    ['user.v1.User.version', 'Increases by one with each change.'],
    ['user.v1.UserStatus.USER_STATUS_ACTIVE', 'May sign in.'],
    ['user.v1.User.email', undefined],
  ])('carry the comment of %s', (name, comment) => {
    expect(descriptors.comments.get(name)).toBe(comment);
  });
});

describe('the descriptors of a file', () => {
  it('are mounted beside the built-in ones', () => {
    const { services, registry, comments } = loadDescriptors([EXTRA]);
    expect(services.map((service) => service.typeName)).toContain('shapes.v1.ShapeService');
    expect(registry.getMessage('shapes.v1.Shape')).toBeDefined();
    expect(registry.getMessage('user.v1.User')).toBeDefined();
    expect(comments.get('shapes.v1.Book')).toBe('A book.\n\nIt has pages.');
  });

  it.each<[string, () => string, string | RegExp]>([
    ['is not there', () => join(directory, 'nope.binpb'), 'cannot be read: ENOENT'],
    ['is a directory', () => directory, 'cannot be read: EISDIR'],
    ['is empty', () => write('empty.binpb', ''), 'is empty'],
    ['is JSON', () => write('set.json', ' {"file":[]}'), 'is JSON, not binary'],
    ['is a source', () => write('a.proto', '// A.\nsyntax = "proto3";'), 'is a .proto source'],
    ['is compressed', () => write('set.gz', gzipSync('x')), 'is compressed with gzip'],
    [
      'is something else',
      () => write('noise.binpb', Buffer.from([0x7f, 0x45, 0x4c, 0x46])),
      'no complete descriptor set',
    ],
    [
      'has a policy that is damaged',
      () => write('policy.binpb', withOption('policy')),
      /the options of the (?:rpc|field) shapes.v1.\w+.\w+ cannot be read/,
    ],
    [
      'has a path that is damaged',
      () => write('http.binpb', withOption('http')),
      /the options of the (?:rpc|field) shapes.v1.\w+.\w+ cannot be read/,
    ],
    [
      'has a rule of a field that is damaged',
      () => write('field.binpb', withOption('field')),
      /the options of the (?:rpc|field) shapes.v1.\w+.\w+ cannot be read/,
    ],
    ['lacks its imports', () => write('part.binpb', withoutImports()), 'Cannot find'],
  ])('are refused when it %s', (_, file, reason) => {
    const path = file();
    expect(problemsOf(path)).toEqual([
      typeof reason === 'string' ? expect.stringContaining(reason) : expect.stringMatching(reason),
    ]);
    expect(problemsOf(path)[0]).toContain(path);
  });

  it('are refused when they repeat a service', () => {
    expect(problemsOf(BUILT_IN)).toContain(
      `${BUILT_IN}: user.v1.UserService is already in built-in descriptors; mount it once`,
    );
  });

  it('are refused with the problems of all files at once', () => {
    expect(problemsOf(join(directory, 'a'), join(directory, 'b'))).toHaveLength(2);
  });
});

function withoutImports(): Uint8Array {
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(EXTRA));
  const file = set.file.filter((each) => each.name.startsWith('shapes/'));
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

/** Bytes that are not a message, as the option of the first method or field. */
function withOption(name: 'policy' | 'http' | 'field'): Uint8Array {
  const damaged = Uint8Array.of(0xff, 0xff, 0xff);
  const { number } = { policy, http, field }[name];
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(EXTRA));
  const file = set.file.find((each) => each.service.length > 0 && each.name.startsWith('shapes/'));
  const bytes = new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(damaged).finish();
  const [method, first] = [file?.service[0]?.method[0], file?.messageType[0]?.field[0]];
  if (name === 'field' && first !== undefined) first.options = fromBinary(FieldOptionsSchema, bytes);
  if (name !== 'field' && method !== undefined) method.options = fromBinary(MethodOptionsSchema, bytes);
  return toBinary(FileDescriptorSetSchema, set);
}
