/** Symbols by the length of their code in bits (RFC 7541, appendix B), as far as printable ASCII goes. */
const SYMBOLS: ReadonlyMap<number, string> = new Map([
  [5, '012aceiost'],
  [6, ' %-./3456789=A_bdfghlmnpru'],
  [7, ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz'],
  [8, '&*,;XZ'],
  [10, '!"()?'],
  [11, "'+|"],
  [12, '#>'],
  [13, '\0$@[]~'],
  [14, '^}'],
  [15, '<`{'],
]);
const LONGEST = 15;

interface Length {
  readonly firstCode: number;
  readonly symbols: string;
}

/** The code is canonical: the first code of each length follows from how many shorter ones there are. */
function lengthsOf(): readonly Length[] {
  let code = 0;
  return Array.from({ length: LONGEST + 1 }, (_, bits) => {
    const symbols = SYMBOLS.get(bits) ?? '';
    const firstCode = code;
    code = (code + symbols.length) << 1;
    return { firstCode, symbols };
  });
}

const LENGTHS = lengthsOf();

/** Decodes a Huffman string of HPACK. Throws on a symbol outside of printable ASCII. */
export function decodeHuffman(bytes: Uint8Array): string {
  let text = '';
  let code = 0;
  let bits = 0;
  for (const byte of bytes) {
    for (let mask = 0x80; mask > 0; mask >>= 1) {
      code = (code << 1) | (byte & mask ? 1 : 0);
      const length = LENGTHS[++bits];
      if (length === undefined) throw new Error('HPACK: a symbol outside of printable ASCII');
      const symbol = length.symbols[code - length.firstCode];
      if (symbol === undefined) continue;
      text += symbol;
      code = 0;
      bits = 0;
    }
  }
  return text;
}
