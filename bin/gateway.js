#!/usr/bin/env node
import { existsSync } from 'node:fs';

// From the sources in a checkout with its development dependencies, from `dist` in the image and in a package.
const source = new URL('../src/cli/main.ts', import.meta.url);
if (existsSync(source) && canLoadTypeScript()) {
  await import('@oxc-node/core/register');
  await import(source.href);
} else {
  await import('../dist/cli/main.js');
}

function canLoadTypeScript() {
  try {
    import.meta.resolve('@oxc-node/core/register');
    return true;
  } catch {
    return false;
  }
}
