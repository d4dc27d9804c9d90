import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Wire } from '../backend/wire.js';

/** A google.protobuf.Timestamp of a moment in Unix ms, in the loader's shape. */
export function timestamp(unixMs: number): Wire<Timestamp> {
  return { seconds: String(Math.floor(unixMs / 1000)), nanos: (unixMs % 1000) * 1_000_000 };
}
