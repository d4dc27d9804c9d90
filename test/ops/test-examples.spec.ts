import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFiles, readText } from './project-files.js';

const EXAMPLE = /<!-- from: (\S+) -->\s+```ts\n([\s\S]*?)```/g;

/** Returns a text without what a formatter changes: white space and trailing commas. */
const squeezed = (text: string) => text.replaceAll(/\s+/g, '').replaceAll(/,(?=[\])}])/g, '');

/** Returns the parts of an example that the file does not have; `// …` stands for text that was left out. */
function missingParts(example: string, file: string): string[] {
  const text = squeezed(readText(file));
  return example
    .split('// …\n')
    .map(squeezed)
    .filter((part) => !text.includes(part));
}

describe('an example of test/README.md', () => {
  const page = readText('test/README.md');
  const examples = [...page.matchAll(EXAMPLE)].map((match) => [match[1] ?? '', match[2] ?? ''] as const);

  it('stands for each kind of test', () => {
    expect(examples).toHaveLength(10);
    expect(page.match(/^```ts$/gm)).toHaveLength(examples.length);
  });

  it.each(examples)('is an excerpt of %s', (path, example) => {
    // Files may move; their names stay.
    const [file = path] = findFiles(`{src,test,bench}/**/${basename(path)}`);
    expect(missingParts(example, file)).toEqual([]);
  });
});
