/** The first sentence of a comment, on one line. A summary is plain text: the marks of code are left out. */
export function firstSentence(comment: string): string {
  const paragraph = (comment.split(/\n\s*\n/, 1)[0] ?? '').replaceAll('`', '').replaceAll(/\s+/g, ' ').trim();
  return /^.*?[.!?:](?= |$)/.exec(paragraph)?.[0].replace(/[.:]$/, '') ?? paragraph;
}

/** A comment as Markdown: lines of one paragraph joined, as the source only wraps them. */
export function toMarkdown(comment: string): string {
  return comment
    .split(/\n\s*\n/)
    .map((paragraph) =>
      /^\s*(?:[-*]|\d+\.|```| {4})/m.test(paragraph) ? paragraph : paragraph.replaceAll(/\s*\n\s*/g, ' '),
    )
    .join('\n\n');
}

/** Sentences as one text; what is empty is left out. */
export function joinSentences(...sentences: readonly (string | undefined)[]): string | undefined {
  const text = sentences.filter((sentence) => sentence !== undefined && sentence !== '').join(' ');
  return text === '' ? undefined : text;
}

/** The name of an RPC as words: `Get user` of `GetUser`. */
export function toWords(name: string): string {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
