import { ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import type { GeneratorValue } from 'fast-check';

const ints = (): fc.Arbitrary<number> => fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)));
const longs = (): fc.Arbitrary<bigint> =>
  fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(
      0n,
      -1n,
      2n ** 53n,
      -(2n ** 53n) - 1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      1_000_000_000n,
      4_294_967_296n,
    ),
  );
const doubles = (): fc.Arbitrary<number> =>
  fc.oneof(fc.double(), fc.constantFrom(-0, 0, NaN, Infinity, -Infinity, 1e21, -1.5));
const floats = (): fc.Arbitrary<number> => fc.oneof(fc.float(), fc.constantFrom(-0, 0, NaN, Infinity, -Infinity));
const texts = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ maxLength: 40 }),
    fc.constantFrom(
      '',
      '__proto__',
      'constructor',
      '7',
      '"\\\b\f\n\r\t\u0000\u001f\u007f',
      'é'.repeat(3000),
      'a"'.repeat(5000),
    ),
  );
const blobs = (): fc.Arbitrary<Uint8Array> =>
  fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 250, maxLength: 300 }));

const FIXED_64: readonly ScalarType[] = [ScalarType.DOUBLE, ScalarType.FIXED64, ScalarType.SFIXED64];
const FIXED_32: readonly ScalarType[] = [ScalarType.FLOAT, ScalarType.FIXED32, ScalarType.SFIXED32];
const LENGTH: readonly ScalarType[] = [ScalarType.STRING, ScalarType.BYTES];

/** A scalar, its edges included, with the tag of a field number or without one as in a packed list. */
export function writeRandomScalar(g: GeneratorValue, type: ScalarType, number: number | undefined): BinaryWriter {
  const writer = new BinaryWriter();
  if (number !== undefined) writer.tag(number, wireTypeOf(type));
  return write(g, type, writer);
}

function wireTypeOf(type: ScalarType): number {
  if (FIXED_64.includes(type)) return 1;
  if (LENGTH.includes(type)) return 2;
  return FIXED_32.includes(type) ? 5 : 0;
}

function write(g: GeneratorValue, type: ScalarType, writer: BinaryWriter): BinaryWriter {
  switch (type) {
    case ScalarType.DOUBLE:
      return writer.double(g(doubles));
    case ScalarType.FLOAT:
      return writer.float(g(floats));
    case ScalarType.INT64:
      return writer.int64(g(longs));
    case ScalarType.UINT64:
      return writer.uint64(BigInt.asUintN(64, g(longs)));
    case ScalarType.INT32:
      return writer.int32(g(ints));
    case ScalarType.FIXED64:
      return writer.fixed64(BigInt.asUintN(64, g(longs)));
    case ScalarType.FIXED32:
      return writer.fixed32(g(ints) >>> 0);
    case ScalarType.BOOL:
      return writer.bool(g(fc.boolean));
    case ScalarType.STRING:
      return writer.string(g(texts));
    case ScalarType.BYTES:
      return writer.bytes(g(blobs));
    case ScalarType.UINT32:
      return writer.uint32(g(ints) >>> 0);
    case ScalarType.SFIXED32:
      return writer.sfixed32(g(ints));
    case ScalarType.SFIXED64:
      return writer.sfixed64(g(longs));
    case ScalarType.SINT32:
      return writer.sint32(g(ints));
    case ScalarType.SINT64:
      return writer.sint64(g(longs));
  }
}
