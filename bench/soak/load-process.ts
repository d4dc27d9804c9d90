import { setPriority } from 'node:os';
import type { RemoteLoad } from './elsewhere.js';
import { steadyLoad } from './steady-load.js';

const NICE = 10;

setPriority(NICE);
process.once('disconnect', () => process.exit(0));
process.once('message', ({ url, rate, seconds, tokens }: RemoteLoad) => {
  const shot = (index: number) => ({ url, headers: { authorization: `Bearer ${tokens[index % tokens.length]}` } });
  void steadyLoad({ rate, seconds, shot }).then((figures) => process.send?.(figures));
});
