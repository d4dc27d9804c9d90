import { readFileSync } from 'node:fs';

/** The code block of the README in a language whose first line names a file, without that line. */
export function readmeFile(language: string, path: string): string {
  const blocks = readmeBlocks(language).map((block) => [block.split('\n', 1)[0] ?? '', block] as const);
  const found = blocks.find(([first]) => first === `// ${path}`);
  if (found === undefined) throw new Error(`README.md has no ${language} block for ${path}`);
  return found[1].slice(found[0].length + 1);
}

/** All code blocks of the README in a language, without their indentation. */
export function readmeBlocks(language: string): string[] {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const fences = text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm'));
  return [...fences].map(([, indent = '', body = '']) => body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}
