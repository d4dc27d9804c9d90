import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type FunctionInput, type LocationInput, Profile, type SampleInput, StringTable } from 'pprof-format';

/** One function on a stack, at its position in the sources. Lines start at 1; 0 is unknown. */
export interface Frame {
  readonly name: string;
  /** Path in the project, such as `src/edge/rpc-handler.ts`; empty for the virtual machine itself. */
  readonly file: string;
  readonly startLine: number;
  /** The running line, or {@link startLine}. */
  readonly line: number;
}

/** A dimension of the values of a profile: `['cpu', 'nanoseconds']`. */
export type ValueType = readonly [type: string, unit: string];

interface ProfileOptions {
  /** Dimensions of each value; the last one is the default of `go tool pprof`. */
  readonly valueTypes: readonly ValueType[];
  readonly periodType: ValueType;
  readonly period: number;
  readonly durationMs: number;
  /** Lines that `go tool pprof -comments` prints. */
  readonly comments: readonly string[];
}

const MAPPING_ID = 1;
const NANOS_PER_MS = 1_000_000;

/** Collects stacks into the wire format of pprof (github.com/google/pprof, proto/profile.proto). */
export class ProfileBuilder {
  private readonly strings = new StringTable();
  private readonly functions: FunctionInput[] = [];
  private readonly locations: LocationInput[] = [];
  private readonly samples: SampleInput[] = [];
  private readonly functionIds = new Map<string, number>();
  private readonly locationIds = new Map<string, number>();

  constructor(private readonly options: ProfileOptions) {}

  /**
   * Adds a frame, once.
   * @returns the id of its location.
   */
  locate(frame: Frame): number {
    const functionId = this.functionOf(frame);
    const key = `${functionId}:${frame.line}`;
    let id = this.locationIds.get(key);
    if (id === undefined) {
      id = this.locations.length + 1;
      this.locations.push({ id, mappingId: MAPPING_ID, line: [{ functionId, line: frame.line }] });
      this.locationIds.set(key, id);
    }
    return id;
  }

  /**
   * Adds values to a stack.
   * @param stack ids of locations, the innermost first.
   */
  add(stack: readonly number[], value: readonly number[]): void {
    this.samples.push({ locationId: [...stack], value: value.map(Math.round) });
  }

  /** Returns the profile as gzipped bytes. */
  encode(): Promise<Uint8Array> {
    const { valueTypes, periodType, period, durationMs, comments } = this.options;
    const typeOf = ([type, unit]: ValueType) => ({ type: this.text(type), unit: this.text(unit) });
    const profile = new Profile({
      sampleType: valueTypes.map(typeOf),
      defaultSampleType: this.text(valueTypes.at(-1)?.[0] ?? ''),
      sample: this.samples,
      location: this.locations,
      function: this.functions,
      // The mapping is marked as symbolized, so that no tool looks for a binary.
      mapping: [
        {
          id: MAPPING_ID,
          filename: this.text('api-gateway'),
          hasFunctions: true,
          hasFilenames: true,
          hasLineNumbers: true,
        },
      ],
      timeNanos: BigInt(Date.now() - Math.round(durationMs)) * BigInt(NANOS_PER_MS),
      durationNanos: Math.round(durationMs * NANOS_PER_MS),
      periodType: typeOf(periodType),
      period,
      comment: comments.map((comment) => this.text(comment)),
      stringTable: this.strings,
    });
    return promisify(gzip)(profile.encode());
  }

  private functionOf({ name, file, startLine }: Frame): number {
    const place = file === '' ? '' : `${file}:${startLine}`;
    const key = `${name} ${place}`;
    let id = this.functionIds.get(key);
    if (id === undefined) {
      id = this.functions.length + 1;
      this.functions.push({
        id,
        // The path is part of the name, so that `list src/access` and `-focus=src/access` match it.
        name: this.text(place === '' ? name : key),
        // Differs from the name, or pprof would treat it as C++ and shorten it.
        systemName: this.text(`${name}@${place}`),
        filename: this.text(file),
        startLine,
      });
      this.functionIds.set(key, id);
    }
    return id;
  }

  private text(text: string): number {
    return this.strings.dedup(text);
  }
}
