/** Matches the words before an example: `Example: "A-17"`, `e.g. 42`, `for example open`. */
const INTRODUCTION = /\b(?:examples?(?: value)?\s*[:=]|e\.g\.,?|for example,?:?)\s*/i;
const QUOTED = /^(?:"([^"\n]{1,200})"|'([^'\n]{1,200})'|`([^`\n]{1,200})`)/;
const WORD = /^[\w.:@/+-]{1,200}/;

/** Returns the first example that the comment of a field gives; undefined without one. */
export function commentExample(comment: string | undefined): string | undefined {
  const introduction = comment === undefined ? null : INTRODUCTION.exec(comment);
  if (comment === undefined || introduction === null) return undefined;
  const rest = comment.slice(introduction.index + introduction[0].length);
  const quoted = QUOTED.exec(rest);
  if (quoted !== null) {
    const text = quoted[1] ?? quoted[2] ?? quoted[3];
    // `"A-17"` within backquotes is an example without its quotes.
    return text?.replace(/^"(.*)"$/, '$1');
  }
  return WORD.exec(rest)?.[0].replace(/[.:]+$/, '') || undefined;
}
