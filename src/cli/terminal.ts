/** Output of a command: results go to stdout and errors to stderr, one line each. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** Reads standard input to its end. */
  read?(): Promise<string>;
}

/** EX_CONFIG of sysexits.h: the configuration is invalid, and a restart does not help. */
export const EXIT_CONFIG = 78;

/** EX_UNAVAILABLE of sysexits.h: a dependency of the command cannot be reached. */
export const EXIT_UNAVAILABLE = 69;

/** Formats rows as left-aligned columns, two spaces apart. The last column is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
