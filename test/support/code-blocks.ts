import { readText } from '../ops/project-files.js';

/** Returns the code block of the README in a language whose first line names a file, without that line. */
export function readmeFile(language: string, path: string): string {
  const blocks = readmeBlocks(language).map((block) => [block.split('\n', 1)[0] ?? '', block] as const);
  const found = blocks.find(([first]) => first === `// ${path}`);
  if (found === undefined) throw new Error(`README.md has no ${language} block for ${path}`);
  return found[1].slice(found[0].length + 1);
}

/** Returns all code blocks of the README in a language. */
export function readmeBlocks(language: string): string[] {
  return codeBlocks('README.md', language);
}

/** Returns the only shell block of a document that contains a word. */
export function shellBlock(path: string, word: string): string {
  const [block, ...others] = codeBlocks(path, 'sh').filter((each) => each.includes(word));
  if (block === undefined || others.length > 0) throw new Error(`${path} has no block, or several, with ${word}`);
  return block;
}

/** Returns the code blocks of a document in a language, also those in lists, without their indentation. */
function codeBlocks(path: string, language: string): string[] {
  const fences = readText(path).matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm'));
  return [...fences].map(([, indent = '', body = '']) => body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}
