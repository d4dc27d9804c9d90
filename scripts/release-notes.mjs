// node scripts/release-notes.mjs 0.1.0   prints the entries of CHANGELOG.md for a version; exits with 1 if it has none.
import { readFileSync } from 'node:fs';

const HEADING = /^## \[([^\]]+)\]/;

const version = process.argv[2];
const lines = readFileSync('CHANGELOG.md', 'utf8').split('\n');
const start = lines.findIndex((line) => HEADING.exec(line)?.[1] === version);
const rest = start === -1 ? [] : lines.slice(start + 1);
const end = rest.findIndex((line) => HEADING.test(line));
const notes = (end === -1 ? rest : rest.slice(0, end)).join('\n').trim();
if (notes === '') {
  process.stderr.write(`CHANGELOG.md says nothing of [${version}]: rename [Unreleased] to it, with the date\n`);
  process.exitCode = 1;
} else process.stdout.write(`${notes}\n`);
