// Prints figures of the project's code; with the directory of another checkout, those of that one beside them:
// npm run figures -- ../before
import { resolve } from 'node:path';
import { getOneFigures } from './get-one.js';
import { commentFigures, type Figure, sizes } from './sources.js';
import { toolFigures } from './tools.js';

const ROOT = resolve(import.meta.dirname, '../..');

async function figuresOf(root: string): Promise<Figure[]> {
  return [...sizes(root), ...commentFigures(root), ...(await getOneFigures(root)), ...toolFigures(root)];
}

const [other] = process.argv.slice(2);
const now = await figuresOf(ROOT);
const before = other === undefined ? [] : await figuresOf(resolve(other));
const width = Math.max(...now.map(([name]) => name.length));
now.forEach(([name, value], i) => {
  const earlier = before[i]?.[1];
  process.stdout.write(`${name.padEnd(width)}  ${earlier === undefined ? value : `${earlier}  →  ${value}`}\n`);
});
