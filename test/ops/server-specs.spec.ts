import { describe, expect, it } from 'vitest';
import { serverSpecs } from '../server-specs.js';
import { findFiles, readText } from './project-files.js';

describe('specs of src/ that are in the project gateway', () => {
  const specs = serverSpecs();

  it.each(['grpc-backend', 'raw-http2', 'http2-stub'])('are those that import %s, which starts a server', (fixture) => {
    const users = findFiles('src/**/*.spec.ts').filter((path) => readText(path).includes(`/support/${fixture}.js'`));
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((path) => !specs.includes(path))).toEqual([]);
  });

  it('are a small part: all others start no server and run in the project unit', () => {
    expect(specs.length).toBeLessThan(findFiles('src/**/*.spec.ts').length / 4);
    expect(specs.filter((path) => path.startsWith('src/config/'))).toEqual([]);
  });
});
