import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as FieldType,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { loadDescriptors } from './descriptors.js';
import { compareContract, fileNames } from './drift.js';

const { registry } = loadDescriptors();
const service = registry.getService('user.v1.UserService');
const methods = service?.methods ?? [];
const FILES = [...registry.files].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));

/** The files of a backend that was built from another version of the proto. */
function backend(change: (file: FileDescriptorProto) => void): Uint8Array[] {
  return FILES.map((bytes) => {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    if (file.name === 'user/v1/user.proto') change(file);
    return toBinary(FileDescriptorProtoSchema, file);
  });
}

function message(file: FileDescriptorProto, name: string) {
  const found = file.messageType.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no message ${name}`);
  return found;
}

function field(file: FileDescriptorProto, name: string) {
  const [first] = message(file, name).field;
  if (first === undefined) throw new Error(`no field in ${name}`);
  return first;
}

function rpc(file: FileDescriptorProto) {
  const found = file.service[0]?.method.find(({ name }) => name === 'GetUser');
  if (found === undefined) throw new Error('no GetUser');
  return found;
}

const USER = 'field user.v1.User.id (1)';

describe('the contract of a backend', () => {
  test('that is the mounted one has no difference', () => {
    expect(
      compareContract(
        methods,
        backend(() => undefined),
      ),
    ).toEqual({ differences: [], additions: [] });
  });

  test.each<[string, (file: FileDescriptorProto) => void, string]>([
    ['lost its service', (file) => (file.service = []), 'service user.v1.UserService is missing'],
    ['lost an RPC', (file) => (rpc(file).name = 'FetchUser'), 'rpc user.v1.UserService.GetUser is missing'],
    [
      'streams the responses of an RPC',
      (file) => (rpc(file).serverStreaming = true),
      'rpc user.v1.UserService.GetUser kind is server stream, not unary',
    ],
    [
      'takes another request',
      (file) => (rpc(file).inputType = '.user.v1.User'),
      'rpc user.v1.UserService.GetUser request is user.v1.User, not user.v1.GetUserRequest',
    ],
    ['gave a field another number', (file) => (field(file, 'User').number = 99), `${USER} is missing`],
    [
      'gave a field another type',
      (file) => (field(file, 'User').type = FieldType.INT64),
      `${USER} type is int64, not string`,
    ],
    [
      'repeats a field',
      (file) => (field(file, 'User').label = Label.REPEATED),
      `${USER} label is repeated, not singular`,
    ],
    [
      'named a field otherwise in JSON',
      (file) => (field(file, 'User').jsonName = 'uid'),
      `${USER} JSON name is uid, not id`,
    ],
    [
      'lost a message',
      (file) => (file.messageType = file.messageType.filter(({ name }) => name !== 'User')),
      'message user.v1.User is missing',
    ],
  ])('that %s differs in that', (_, change, sentence) => {
    expect(compareContract(methods, backend(change)).differences).toContain(sentence);
  });

  test('that has more than the mounted one does not differ', () => {
    const { differences, additions } = compareContract(
      methods,
      backend((file) => {
        const more = structuredClone(field(file, 'User'));
        message(file, 'User').field.push({ ...more, name: 'nickname', number: 900, jsonName: 'nickname' });
        file.service[0]?.method.push({ ...rpc(file), name: 'BanUser' });
      }),
    );
    expect(differences).toEqual([]);
    expect(additions.toSorted()).toEqual(['field user.v1.User.nickname (900)', 'rpc user.v1.UserService.BanUser']);
  });

  test('may leave out JSON names, imports of Google and the leading dot of names, as some tools do', () => {
    const files = backend((file) => {
      for (const each of file.messageType) {
        for (const one of each.field) {
          one.jsonName = '';
          one.typeName = one.typeName.replace('.user.v1.', '');
        }
      }
    });
    const own = files.filter((file) => !fileNames(file).name.startsWith('google/'));
    expect(compareContract(methods, own).differences).toEqual([]);
  });
});
