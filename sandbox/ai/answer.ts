import type { QueryOptions } from './query-options.js';

/** The answer to a query: always the same for the same words. */
export function answerTo(query: string): string {
  const words = query.trim().split(/\s+/).length;
  return `You asked: ${query.trim()} That is ${words} ${words === 1 ? 'word' : 'words'}, and this is the whole answer.`;
}

/** The answer in pieces that give it when joined, or as many pieces as the query asks for. */
export function* tokensOf(query: string, options: QueryOptions): Generator<string> {
  if (options.tokens === undefined) {
    yield* answerTo(query).match(/\S+\s*/g) ?? [];
    return;
  }
  for (let index = 1; index <= options.tokens; index++) {
    const token = `token-${index} `;
    yield options.tokenBytes === undefined ? token : token.padEnd(options.tokenBytes, '.').slice(0, options.tokenBytes);
  }
}
