import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { registry, typeNamed } from '../../../test/support/kinds.js';
import { readKinds, refusalOf } from '../../../test/support/request-route.js';
import { compileResponseWriter } from './response-writer.js';

const legacy = typeNamed('kinds.v1.Legacy');
const UNKNOWN = 99;

function write(bytes: Uint8Array): unknown {
  const options = { registry, redact: [], tenantFields: [], responseBody: undefined };
  return JSON.parse(
    compileResponseWriter(legacy, { ...options, emitDefaults: false })
      .write(bytes, '')
      .toString(),
  );
}

const entry = (key: string, number: number) =>
  new BinaryWriter().tag(9, 2).fork().tag(1, 2).string(key).tag(2, 0).int32(number).join().finish();
const singular = (number: number) => new BinaryWriter().tag(3, 0).int32(number).finish();
const element = (number: number) => new BinaryWriter().tag(4, 0).int32(number).finish();
const packed = (...numbers: number[]) => {
  const writer = new BinaryWriter().tag(4, 2).fork();
  for (const number of numbers) writer.int32(number);
  return writer.join().finish();
};
const child = (...fields: Uint8Array[]) => new BinaryWriter().tag(11, 2).bytes(Buffer.concat(fields)).finish();

describe('an unknown number of a closed enum', () => {
  it.each<[string, Uint8Array[], unknown]>([
    ['singular', [singular(UNKNOWN)], {}],
    ['singular after a known one', [singular(2), singular(UNKNOWN)], { closed: 'CLOSED_SECOND' }],
    ['in a list', [element(1), element(UNKNOWN), element(2)], { closedList: ['CLOSED_FIRST', 'CLOSED_SECOND'] }],
    ['in a packed list', [packed(1, UNKNOWN, -5, 2)], { closedList: ['CLOSED_FIRST', 'CLOSED_SECOND'] }],
    ['alone in a list', [element(UNKNOWN)], {}],
    ['in a map', [entry('a', 1), entry('b', UNKNOWN)], { closedMap: { a: 'CLOSED_ONE' } }],
    ['in a message inside', [child(element(UNKNOWN), entry('b', UNKNOWN), singular(UNKNOWN))], { child: {} }],
    ['in an extension', [new BinaryWriter().tag(101, 0).int32(UNKNOWN).finish()], {}],
    [
      'in an extension after a known one',
      [new BinaryWriter().tag(101, 0).int32(2).tag(101, 0).int32(UNKNOWN).finish()],
      { '[kinds.v1.closed_extension]': 'CLOSED_SECOND' },
    ],
    [
      'in an extension that is a list',
      [new BinaryWriter().tag(102, 0).int32(1).tag(102, 0).int32(UNKNOWN).finish()],
      { '[kinds.v1.closed_extensions]': ['CLOSED_FIRST'] },
    ],
  ])('of a response is an unknown field: %s', (_where, fields, expected) => {
    expect(write(Buffer.concat(fields))).toEqual(expected);
  });

  it.each([
    ['closed', '{"closed":99}'],
    ['closedList[0]', '{"closedList":[99]}'],
    ['closedMap.a', '{"closedMap":{"a":99}}'],
    ['child.closedList[1]', '{"child":{"closedList":[1,99]}}'],
  ])('of a request is refused: %s', (field, body) => {
    const { errors } = refusalOf(() => readKinds('Legacy', body));
    expect(errors).toEqual([{ field, detail: expect.stringMatching(/^expected one of .*, got the number 99$/) }]);
  });
});
