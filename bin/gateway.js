#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';

refuseOldNode();

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

/** Says which Node is needed, where an older one would fail on a module that it does not have. */
function refuseOldNode() {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const [major = 0, minor = 0] = engines.node.match(/\d+/g).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  process.stderr.write(`gateway: needs Node ${engines.node.replace('>=', '')} or newer; this is ${process.version}\n`);
  process.exit(78);
}
