import { ScalarType } from '@bufbuild/protobuf';
import { integerKind, isBetween } from './integer-kind.js';
import { quote } from './json-path.js';

const INTEGER = /^(?:0|-?[1-9]\d{0,19})$/;

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
