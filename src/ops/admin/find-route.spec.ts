import { expect, it } from 'vitest';
import { findRoute } from './find-route.js';

it.each([
  ['/admin', / Did you mean \/admin\/\? Known: /],
  ['/debug/pprof', / Did you mean \/debug\/pprof\/\? Known: /],
  ['/debug/pprof/trace', /here\. Known: .*GET \/admin\/circuits, .*GET \/debug\/pprof\/heap, /],
  ['/', /here\. Known: /],
])('%s is not there, and the answer says what is', (path, detail) => {
  expect(() => findRoute('GET', path)).toThrow(detail);
});
