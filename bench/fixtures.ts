import { create, toBinary, toJson, type JsonValue } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { StreamQueryResponseSchema } from '../src/gen/ai/v1/ai_pb.js';
import { ListUsersResponseSchema, UserSchema, UserStatus, type User } from '../src/gen/user/v1/user_pb.js';

/** Tenant of every user here and of the token that the load carries. */
export const TENANT = 'acme';
/** Users in the list that the upstream returns. */
export const LIST_SIZE = 50;
/** Tokens of one streamed answer, before the message that holds all of it. */
export const STREAM_TOKENS = 20;

/** Body of a request that creates a user. */
export const CREATE_BODY = JSON.stringify({
  email: 'user0@acme.test',
  username: 'user0',
  displayName: 'User Number 0',
  password: 'correct horse battery staple',
  roles: ['viewer', 'editor'],
  labels: { team: 'blue' },
});
/** Body of a request for a streamed answer. */
export const STREAM_BODY = JSON.stringify({ query: 'How many users does acme have?' });

function user(n: number): User {
  return create(UserSchema, {
    id: `01JDV5Q3M8ZK4W9T6X2Y${String(n).padStart(6, '0')}`,
    tenantId: TENANT,
    email: `user${n}@acme.test`,
    username: `user${n}`,
    displayName: `User Number ${n}`,
    status: UserStatus.ACTIVE,
    roles: ['viewer', 'editor'],
    labels: { team: 'blue' },
    createTime: timestampFromDate(new Date(Date.UTC(2026, 0, 2, 3, 4, n % 60, 500))),
    updateTime: timestampFromDate(new Date(Date.UTC(2026, 5, 7, 8, 9, n % 60))),
    version: BigInt(n + 1),
  });
}

const list = create(ListUsersResponseSchema, {
  users: Array.from({ length: LIST_SIZE }, (_, n) => user(n)),
  nextPageToken: 'bmV4dA',
});

function streamed(): Uint8Array[] {
  const tokens = Array.from({ length: STREAM_TOKENS }, (_, n) => `token ${n} `);
  const events = [
    ...tokens.map((value) => ({ case: 'token', value }) as const),
    { case: 'answer', value: { response: tokens.join('') } } as const,
  ];
  return events.map((event) =>
    toBinary(StreamQueryResponseSchema, create(StreamQueryResponseSchema, { sessionId: 'bench', event })),
  );
}

/** Protobuf bytes of each answer, made once. */
export const messages = {
  user: toBinary(UserSchema, user(0)),
  list: toBinary(ListUsersResponseSchema, list),
  stream: streamed(),
} as const;

const options = { alwaysEmitImplicit: true };

/** The same answers as canonical JSON: what every system under test must say. */
export const expected: { readonly user: JsonValue; readonly list: JsonValue } = {
  user: toJson(UserSchema, user(0), options),
  list: toJson(ListUsersResponseSchema, list, options),
};
