// Benchmark of the conversion from wire bytes to JSON bytes, compared with common libraries: node --import @oxc-node/core/register bench/codec.ts
import { readFileSync } from 'node:fs';
import { create, createFileRegistry, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import type { DescMessage } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { compileResponseWriter } from '../src/contract/json-writer/response-writer.js';
import { ListUsersResponseSchema, UserSchema, UserStatus } from '../src/gen/user/v1/user_pb.js';
import type { User } from '../src/gen/user/v1/user_pb.js';

const ROUNDS = 100;
const WARM_UP = 30;
const SLICE_MS = 10;
const TENANT = '0190d5a2-7b3e-7c41-9f0e-3d6a1c2b4e5f';
const LOADER = { longs: String, enums: String, defaults: true, oneofs: true } as const;

type Write = (bytes: Buffer) => unknown;

function makeUser(n: number): User {
  const name = `${['Ada', 'Grace', 'Edsger', 'Barbara', 'Zoë'][n % 5]} ${['Lovelace', 'Hopper', 'Dijkstra', 'Liskov'][n % 4]}`;
  return create(UserSchema, {
    id: `0190d5a2-7b3e-7c41-9f0e-${String(n).padStart(12, '0')}`,
    tenantId: TENANT,
    email: `user${n}@example.com`,
    username: `user${n}`,
    displayName: name,
    status: n % 7 === 0 ? UserStatus.SUSPENDED : UserStatus.ACTIVE,
    roles: n % 3 === 0 ? ['user.reader', 'user.admin'] : ['user.reader'],
    labels: n % 2 === 0 ? { team: 'platform', office: 'zrh' } : {},
    createTime: timestampFromMs(1_750_000_000_000 + n * 86_400_000 + n * 1234),
    updateTime: timestampFromMs(1_760_000_000_000 + n * 1000),
    version: BigInt(n + 1),
    passwordHash: '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWQ',
  });
}

const set = readFileSync(new URL('../src/gen/descriptors.binpb', import.meta.url));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
const root = protobuf.Root as unknown as { fromDescriptor(set: unknown): protobuf.Root };
await import('protobufjs/ext/descriptor/index.js');
const protobufRoot = root.fromDescriptor(new Uint8Array(set));

function writersOf(desc: DescMessage, prefix: string): Record<string, Write> {
  const ours = compileResponseWriter(desc, {
    registry,
    emitDefaults: true,
    redact: [`${prefix}password_hash`],
    tenantFields: [`${prefix}tenant_id`],
    responseBody: undefined,
  });
  const definition = loadFileDescriptorSetFromBuffer(set, LOADER)[desc.typeName] as MessageTypeDefinition<
    object,
    object
  >;
  const type = protobufRoot.lookupType(desc.typeName);
  return {
    'this gateway': (bytes) => ours.write(bytes, TENANT),
    'proto-loader + stringify': (bytes) => Buffer.from(JSON.stringify(definition.deserialize(bytes))),
    'protobufjs decode + toObject + stringify': (bytes) =>
      Buffer.from(JSON.stringify(type.toObject(type.decode(bytes), LOADER))),
    'Protobuf-ES fromBinary + toJson + stringify': (bytes) =>
      Buffer.from(JSON.stringify(toJson(desc, fromBinary(desc, bytes), { alwaysEmitImplicit: true }))),
  };
}

/** Microseconds of one call, over about SLICE_MS. */
function time(write: Write, bytes: Buffer): number {
  let calls = 0;
  let spent = 0;
  const start = performance.now();
  while (spent < SLICE_MS) {
    for (let i = 0; i < 10; i++) write(bytes);
    calls += 10;
    spent = performance.now() - start;
  }
  return (spent / calls) * 1000;
}

/** Each round gives every writer a slice of time; a ratio is taken within its round, so that a busy machine cancels out. */
function compare(title: string, writers: Record<string, Write>, bytes: Buffer): void {
  const names = Object.keys(writers);
  const rounds: number[][] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const times = names.map((name) => time(writers[name]!, bytes));
    if (round >= 0) rounds.push(times);
  }
  console.log(`\n${title}, ${bytes.length} bytes: ${ROUNDS} interleaved rounds of ${SLICE_MS} ms`);
  console.log(`${' '.repeat(46)} fastest us  median us  times ours (median of rounds)`);
  names.forEach((name, i) => {
    const sorted = rounds.map((times) => times[i]!).toSorted((x, y) => x - y);
    const ratio = median(rounds.map((times) => times[i]! / times[0]!));
    const figures = [sorted[0]!.toFixed(2), median(sorted).toFixed(2), ratio.toFixed(2)];
    console.log(name.padEnd(46) + figures.map((figure) => figure.padStart(11)).join(''));
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[values.length >> 1]!;
}

const one = Buffer.from(toBinary(UserSchema, makeUser(1)));
const users = Array.from({ length: 50 }, (_, n) => makeUser(n));
const list = Buffer.from(toBinary(ListUsersResponseSchema, create(ListUsersResponseSchema, { users })));
compare('one user', writersOf(UserSchema, ''), one);
compare('list of 50 users', writersOf(ListUsersResponseSchema, 'users.'), list);
