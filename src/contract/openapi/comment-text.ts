/** Returns the first sentence of a comment, on one line. A summary is plain text, so code marks are removed. */
export function firstSentence(comment: string): string {
  const paragraph = (comment.split(/\n\s*\n/, 1)[0] ?? '').replaceAll('`', '').replaceAll(/\s+/g, ' ').trim();
  return /^.*?[.!?:](?= |$)/.exec(paragraph)?.[0].replace(/[.:]$/, '') ?? paragraph;
}

/** Converts a comment to Markdown: the lines of a paragraph are joined, because the source only wraps them. */
export function toMarkdown(comment: string): string {
  return comment
    .split(/\n\s*\n/)
    .map((paragraph) =>
      /^\s*(?:[-*]|\d+\.|```| {4})/m.test(paragraph) ? paragraph : paragraph.replaceAll(/\s*\n\s*/g, ' '),
    )
    .join('\n\n');
}

/** Joins sentences; empty ones are omitted. */
export function joinSentences(...sentences: readonly (string | undefined)[]): string | undefined {
  const text = sentences.filter((sentence) => sentence !== undefined && sentence !== '').join(' ');
  return text === '' ? undefined : text;
}

/** Splits the name of an RPC into words: `Get user` for `GetUser`. */
export function toWords(name: string): string {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
