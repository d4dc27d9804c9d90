import { ScalarType } from '@bufbuild/protobuf';
import { quote } from './json-path.js';

const INTEGER = /^(?:0|-?[1-9]\d{0,19})$/;

/** The range of an integer type, and its name in error messages. */
export interface IntegerKind {
  readonly name: string;
  readonly min: bigint;
  readonly max: bigint;
}

export const INT32: IntegerKind = { name: 'an int32', min: -(2n ** 31n), max: 2n ** 31n - 1n };

const UINT32: IntegerKind = { name: 'a uint32', min: 0n, max: 2n ** 32n - 1n };

const INT64: IntegerKind = { name: 'an int64', min: -(2n ** 63n), max: 2n ** 63n - 1n };

const UINT64: IntegerKind = { name: 'a uint64', min: 0n, max: 2n ** 64n - 1n };

const KINDS: ReadonlyMap<ScalarType, IntegerKind> = new Map([
  [ScalarType.INT64, INT64],
  [ScalarType.SINT64, INT64],
  [ScalarType.SFIXED64, INT64],
  [ScalarType.UINT64, UINT64],
  [ScalarType.FIXED64, UINT64],
  [ScalarType.UINT32, UINT32],
  [ScalarType.FIXED32, UINT32],
]);

/** Returns the kind of an integer scalar; all encodings of one range are one kind. */
export function integerKind(scalar: ScalarType): IntegerKind {
  return KINDS.get(scalar) ?? INT32;
}

/** Returns whether a kind needs more than 32 bits, so that its values are handled as digits. */
export function isWide(kind: IntegerKind): boolean {
  return kind === INT64 || kind === UINT64;
}

export function isBetween(value: bigint, kind: IntegerKind): boolean {
  return value >= kind.min && value <= kind.max;
}

/**
 * Returns a function that returns what is wrong with a key of a map field, or undefined. Integers must have canonical
 * digits, so that two keys of an object are never one key of the map.
 */
export function mapKeyCheck(mapKey: ScalarType): (key: string) => string | undefined {
  if (mapKey === ScalarType.STRING) return () => undefined;
  if (mapKey === ScalarType.BOOL) {
    return (key) =>
      key === 'true' || key === 'false' ? undefined : `expected the key true or false, got ${quote(key)}`;
  }
  const kind = integerKind(mapKey);
  return (key) => {
    if (INTEGER.test(key) && isBetween(BigInt(key), kind)) return undefined;
    return `expected ${kind.name} as the key, got ${quote(key)}`;
  };
}
