import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../../src/config/schema.js';
import { ssoVariables } from '../../src/config/schema/sso-settings.js';
import { BUILT_IN_UPSTREAMS, upstreamVariables } from '../../src/config/schema/upstream-settings.js';
import { EVENT_GUIDE } from '../../src/observe/event-guide.js';
import { findFiles, readText } from './project-files.js';

const pages = findFiles('runbooks/**/*.md');
const SETTINGS = new Set([
  ...Object.keys(settingsSchema.shape),
  ...[...BUILT_IN_UPSTREAMS, '<name>'].flatMap((name) => Object.values(upstreamVariables(name))),
  ...Object.values(ssoVariables('<name>')),
]);
const SETTING = /\b(?:GATEWAY|RATE_LIMIT|JWT|REDIS)_[A-Z0-9_<>]*[A-Z0-9>]\*?/g;
/** Families of settings, and names of other programs. */
const NOT_ONE_SETTING = /^GATEWAY_GRPC_TLS_?\*?$/;
/** Words that look like events of the log: they begin as one does. Outcomes and metrics that begin so too are left out. */
const FAMILIES =
  'outbox|auth_cache|auth_mass|rate_limit_cleanup|redis_eviction|drain|exit|trace_export|trace_spans|admin_listener|revocation_store|config|contract|circuit|connection|endpoint|heap_limit|jwt_secret|log_level|log_lines|open_files|port_in|session_tokens|state|stop';
const TOKEN = new RegExp(
  `\\b(?!state_mismatch|circuit_breaker|config_hash)(?:${FAMILIES})_[a-z]+(?:_[a-z]+)*(?![\\w:(*])`,
  'g',
);

describe.each(pages)('%s', (path) => {
  const text = readText(path);

  it('names settings that exist', () => {
    const named = [...text.matchAll(SETTING)].map(([name]) => name);
    expect(named.filter((name) => !SETTINGS.has(name) && !NOT_ONE_SETTING.test(name))).toEqual([]);
  });

  it('names lines of the log that exist', () => {
    const named = [...text.replaceAll(/gateway_\w+/g, '').matchAll(TOKEN)].map(([token]) => token);
    expect(named.filter((token) => !(token in EVENT_GUIDE))).toEqual([]);
  });
});
