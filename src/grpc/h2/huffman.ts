/** Bits of the code of each symbol, 0 to 255 and the end of string (RFC 7541, appendix B). The code is canonical. */
// prettier-ignore
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const END_OF_STRING = 256;

/** Each inner node of the code's tree is a state; half a byte leads from one to the next and ends at most one symbol. */
const STATES = 256;
const NO_SYMBOL = 0xffff;
/** Next state for each state and half byte. */
const next = new Uint16Array(STATES * 16);
/** Symbol that ends on the way there. */
const symbols = new Uint16Array(STATES * 16).fill(NO_SYMBOL);
/** States in which a string may end: fewer than 8 bits, all of them ones, since its last symbol. */
const mayEnd = new Uint8Array(STATES);

/** A symbol, or the two ways on. */
type Node = number | Fork;
type Fork = [zero: Node | undefined, one: Node | undefined];

function buildTree(): Fork {
  const root: Fork = [undefined, undefined];
  const order = LENGTHS.map((bits, symbol) => ({ bits, symbol })).sort(
    (a, b) => a.bits - b.bits || a.symbol - b.symbol,
  );
  let code = 0;
  let length = 0;
  for (const { bits, symbol } of order) {
    code <<= bits - length;
    length = bits;
    insert(root, { code, bits, symbol });
    code += 1;
  }
  return root;
}

function insert(root: Fork, entry: { code: number; bits: number; symbol: number }): void {
  let node = root;
  for (let bit = entry.bits - 1; bit > 0; bit--) {
    const side = (entry.code >>> bit) & 1;
    node = (node[side] ??= [undefined, undefined]) as Fork;
  }
  node[entry.code & 1] = entry.symbol;
}

function buildTables(): void {
  const root = buildTree();
  const states = [root];
  const numbers = new Map<Node, number>([[root, 0]]);
  const numberOf = (node: Fork): number => {
    const known = numbers.get(node);
    if (known !== undefined) return known;
    numbers.set(node, states.length);
    return states.push(node) - 1;
  };
  for (let state = 0; state < states.length; state++) {
    for (let half = 0; half < 16; half++) {
      let node = states[state] as Fork;
      for (let bit = 3; bit >= 0; bit--) {
        const child = node[(half >> bit) & 1];
        if (typeof child === 'number') symbols[state * 16 + half] = child;
        node = typeof child === 'object' ? child : root;
      }
      next[state * 16 + half] = numberOf(node);
    }
  }
  for (let bits = 0, node: Node | undefined = root; bits < 8 && typeof node === 'object'; bits++, node = node[1]) {
    mayEnd[numberOf(node)] = 1;
  }
}

buildTables();

/** Longest string that is decoded. */
const MAX_DECODED = 262_144;
/** What was decoded last. */
export const huffmanScratch = Buffer.allocUnsafeSlow(MAX_DECODED);

/**
 * Decodes a Huffman string of HPACK into {@link huffmanScratch}; returns the number of characters.
 * Throws RangeError for what is not one (RFC 7541, section 5.2).
 */
export function decodeHuffman(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const most = Math.ceil(((end - start) * 8) / 5);
  if (most > MAX_DECODED) throw new RangeError('a string that is too long');
  let state = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    for (let half = byte >> 4, low = 0; low < 2; half = byte & 15, low++) {
      const step = state * 16 + half;
      const symbol = symbols[step] as number;
      if (symbol === END_OF_STRING) throw new RangeError('a string that holds its own end');
      if (symbol !== NO_SYMBOL) huffmanScratch[length++] = symbol;
      state = next[step] as number;
    }
  }
  if (mayEnd[state] === 0) throw new RangeError('a string that ends within a symbol');
  return length;
}
