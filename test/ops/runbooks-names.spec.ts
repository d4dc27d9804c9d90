import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../../src/config/schema.js';
import { ssoVariables } from '../../src/config/schema/sso-settings.js';
import { BUILT_IN_UPSTREAMS, upstreamVariables } from '../../src/config/schema/upstream-settings.js';
import { findFiles, readText } from './project-files.js';

const pages = findFiles('runbooks/**/*.md');
const source = findFiles('src/**/*.ts')
  .filter((path) => !path.endsWith('.spec.ts'))
  .map(readText)
  .join('\n');

const SETTINGS = new Set([
  ...Object.keys(settingsSchema.shape),
  ...[...BUILT_IN_UPSTREAMS, '<name>'].flatMap((name) => Object.values(upstreamVariables(name))),
  ...Object.values(ssoVariables('<name>')),
]);
const SETTING = /\b(?:GATEWAY|RATE_LIMIT|JWT|REDIS)_[A-Z0-9_<>]*[A-Z0-9>]\*?/g;
/** Families of settings, and names of other programs. */
const NOT_ONE_SETTING = /^GATEWAY_GRPC_TLS_?\*?$/;
/** Words at the beginning of a line of the log. */
const TOKEN = /\b(?:outbox|auth_cache|auth_mass|rate_limit_cleanup|redis_eviction)(?:_[a-z]+)*(?![\w:(*])/g;

describe.each(pages)('%s', (path) => {
  const text = readText(path);

  it('names settings that exist', () => {
    const named = [...text.matchAll(SETTING)].map(([name]) => name);
    expect(named.filter((name) => !SETTINGS.has(name) && !NOT_ONE_SETTING.test(name))).toEqual([]);
  });

  it('names lines of the log that exist', () => {
    const named = [...text.replaceAll(/gateway_\w+/g, '').matchAll(TOKEN)].map(([token]) => token);
    const tokens = named.filter((token) => token.includes('_') && token !== 'auth_cache');
    expect(tokens.filter((token) => !source.includes(`'${token}'`) && !source.includes(`\`${token} `))).toEqual([]);
  });
});
