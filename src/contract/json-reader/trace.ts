const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Position that a walk over JSON text has reached. */
export interface JsonTrace {
  /** Keys and indexes from the root down to the position. */
  readonly path: readonly (string | number)[];
  /** First byte of the first repeated key, and its path. */
  readonly duplicate: { readonly at: number; readonly path: readonly (string | number)[] } | undefined;
}

interface Frame {
  /** Keys of an object; undefined for an array. */
  readonly keys: Set<string> | undefined;
  step: string | number | undefined;
  expectsKey: boolean;
}

/**
 * Walks over the first `end` bytes, which the tokenizer has found well-formed, and records keys and indexes, which the
 * tokenizer does not. Only for errors, so it may be slow.
 */
export function traceJson(bytes: Uint8Array, end: number): JsonTrace {
  const trace = new Tracer(bytes, end);
  trace.run();
  return { path: trace.path(), duplicate: trace.duplicate };
}

class Tracer {
  duplicate: JsonTrace['duplicate'];
  private readonly frames: Frame[] = [];

  constructor(
    private readonly bytes: Uint8Array,
    private readonly end: number,
  ) {}

  path(): (string | number)[] {
    return this.frames.flatMap((frame) => (frame.step === undefined ? [] : [frame.step]));
  }

  run(): void {
    let at = 0;
    while (at < this.end) {
      const byte = this.bytes[at] as number;
      at = byte === QUOTE ? this.passString(at) : this.passByte(byte, at);
    }
  }

  private passByte(byte: number, at: number): number {
    const top = this.frames.at(-1);
    const mark = String.fromCharCode(byte);
    if (mark === '{') this.frames.push({ keys: new Set(), step: undefined, expectsKey: true });
    else if (mark === '[') this.frames.push({ keys: undefined, step: 0, expectsKey: false });
    else if (mark === '}' || mark === ']') this.frames.pop();
    else if (mark === ',' && top !== undefined) nextMember(top);
    return at + 1;
  }

  private passString(start: number): number {
    let at = start + 1;
    while (at < this.end && this.bytes[at] !== QUOTE) at += this.bytes[at] === BACKSLASH ? 2 : 1;
    if (at >= this.end) return this.end;
    const top = this.frames.at(-1);
    if (top?.expectsKey) this.takeKey(top, start, at + 1);
    return at + 1;
  }

  private takeKey(top: Frame, start: number, end: number): void {
    const key = JSON.parse(new TextDecoder().decode(this.bytes.subarray(start, end))) as string;
    top.step = key;
    top.expectsKey = false;
    if (top.keys?.has(key)) this.duplicate ??= { at: start, path: this.path() };
    top.keys?.add(key);
  }
}

function nextMember(top: Frame): void {
  top.expectsKey = top.keys !== undefined;
  top.step = typeof top.step === 'number' ? top.step + 1 : undefined;
}
