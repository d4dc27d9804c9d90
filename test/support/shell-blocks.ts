import { readText } from '../ops/project-files.js';

/** The one shell block of a document that has this word in it, also inside of a list, without its indentation. */
export function shellBlock(path: string, word: string): string {
  const fences = readText(path).matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm);
  const blocks = [...fences].map(([, indent = '', body = '']) => body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
  const [block, ...others] = blocks.filter((each) => each.includes(word));
  if (block === undefined || others.length > 0) throw new Error(`${path} has no block, or several, with ${word}`);
  return block;
}
