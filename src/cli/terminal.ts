/** Where a command writes. Answers go to stdout, and what is wrong to stderr, a line each. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** Reads standard input to its end. */
  read?(): Promise<string>;
}

/** BSD sysexits.h EX_CONFIG: something is wrong with the configuration; restarting does not help. */
export const EXIT_CONFIG = 78;

/** BSD sysexits.h EX_UNAVAILABLE: what the command needs cannot be reached. */
export const EXIT_UNAVAILABLE = 69;

/** Rows as left-aligned columns, two spaces apart. The last column is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
