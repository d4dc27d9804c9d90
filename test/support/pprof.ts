import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

/** The messages of github.com/google/pprof/proto/profile.proto, as far as the tests read them. */
const PROTO = `
syntax = "proto3";
package perftools.profiles;
message Profile {
  repeated ValueType sample_type = 1;
  repeated Sample sample = 2;
  repeated Mapping mapping = 3;
  repeated Location location = 4;
  repeated Function function = 5;
  repeated string string_table = 6;
  int64 duration_nanos = 10;
  ValueType period_type = 11;
  int64 period = 12;
  int64 default_sample_type = 14;
}
message ValueType { int64 type = 1; int64 unit = 2; }
message Sample { repeated uint64 location_id = 1; repeated int64 value = 2; }
message Mapping { uint64 id = 1; bool has_functions = 7; }
message Location { uint64 id = 1; uint64 mapping_id = 2; repeated Line line = 4; }
message Line { uint64 function_id = 1; int64 line = 2; }
message Function { uint64 id = 1; int64 name = 2; int64 filename = 4; int64 start_line = 5; }
`;
const PROFILE = protobuf.parse(PROTO).root.lookupType('perftools.profiles.Profile');

interface RawProfile {
  readonly sampleType: readonly { readonly type: number; readonly unit: number }[];
  readonly sample: readonly { readonly locationId: readonly number[]; readonly value: readonly number[] }[];
  readonly mapping: readonly { readonly hasFunctions: boolean }[];
  readonly location: readonly { readonly id: number; readonly line: readonly { functionId: number; line: number }[] }[];
  readonly function: readonly { readonly id: number; name: number; filename: number; startLine: number }[];
  readonly stringTable: readonly string[];
  readonly durationNanos: number;
  readonly defaultSampleType: number;
}

/** One function on a stack. */
export interface DecodedFrame {
  readonly name: string;
  readonly file: string;
  readonly startLine: number;
  readonly line: number;
}

/** A profile as `go tool pprof` reads it, decoded by another library than the one that encoded it. */
export class DecodedProfile {
  private readonly raw: RawProfile;

  /** @param bytes gzipped. */
  constructor(bytes: Uint8Array) {
    const message = PROFILE.decode(gunzipSync(bytes));
    this.raw = PROFILE.toObject(message, { longs: Number, defaults: true, arrays: true }) as RawProfile;
  }

  /** `['samples/count', 'cpu/nanoseconds']`. */
  get types(): string[] {
    return this.raw.sampleType.map(({ type, unit }) => `${this.text(type)}/${this.text(unit)}`);
  }

  get defaultType(): string {
    return this.text(this.raw.defaultSampleType);
  }

  get durationMs(): number {
    return this.raw.durationNanos / 1_000_000;
  }

  /** Nothing is left for a tool to look up. */
  get isSymbolized(): boolean {
    return this.raw.mapping.every(({ hasFunctions }) => hasFunctions);
  }

  /** Stacks, innermost first, with their last value. */
  get samples(): { readonly frames: DecodedFrame[]; readonly value: number }[] {
    const functions = new Map(this.raw.function.map((each) => [each.id, each]));
    const locations = new Map(this.raw.location.map(({ id, line }) => [id, line]));
    return this.raw.sample.map(({ locationId, value }) => ({
      value: value.at(-1) ?? 0,
      frames: locationId.flatMap((id) =>
        (locations.get(id) ?? []).map(({ functionId, line }) => {
          const { name = 0, filename = 0, startLine = 0 } = functions.get(functionId) ?? {};
          return { name: this.text(name), file: this.text(filename), startLine, line };
        }),
      ),
    }));
  }

  /** Functions by their own value, the largest first: the first column of `go tool pprof -top`. */
  get top(): { readonly name: string; readonly file: string; readonly value: number }[] {
    const sums = new Map<string, { name: string; file: string; value: number }>();
    for (const { frames, value } of this.samples) {
      const { name = '', file = '' } = frames[0] ?? {};
      const sum = sums.get(name) ?? { name, file, value: 0 };
      sum.value += value;
      sums.set(name, sum);
    }
    return [...sums.values()].toSorted((a, b) => b.value - a.value);
  }

  private text(index: number): string {
    return this.raw.stringTable[index] ?? '';
  }
}
