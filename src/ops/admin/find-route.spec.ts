import { expect, it } from 'vitest';
import { findRoute } from './find-route.js';

it.each([
  ['/admin', /; did you mean \/admin\/\?$/],
  ['/debug/pprof', /; did you mean \/debug\/pprof\/\?$/],
  ['/debug/pprof/trace', /; known: .* \/admin\/circuits .* \/debug\/pprof\/heap /],
  ['/', /; known: /],
])('%s is not there, and the answer says what is', (path, detail) => {
  expect(() => findRoute('GET', path)).toThrow(detail);
});
