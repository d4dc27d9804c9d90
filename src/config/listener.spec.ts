import { expect, it } from 'vitest';
import { inspectEnvironment } from './environment.js';

const problemsOf = (env: Record<string, string>) =>
  inspectEnvironment(env)
    .problems.filter(({ name }) => /LISTEN|TLS_(?:CERT|KEY)_FILE/.test(name))
    .map(({ name, reason }) => `${name} ${reason}`);

it.each([
  [{ GATEWAY_LISTEN: 'unix:/run/gateway/api.sock' }],
  [{ GATEWAY_LISTEN: `unix:/${'x'.repeat(106)}` }],
  [{ GATEWAY_LISTEN_MODE: '0666' }],
  [{ GATEWAY_LISTEN_MODE: '600' }],
])('%j is taken', (env) => {
  expect(problemsOf(env)).toEqual([]);
});

it.each([
  [{ GATEWAY_LISTEN: '/run/api.sock' }, /is not the path of a socket/],
  [{ GATEWAY_LISTEN: 'unix:api.sock' }, /is not the path of a socket/],
  [{ GATEWAY_LISTEN: 'unix:/run/' }, /is not the path of a socket/],
  [{ GATEWAY_LISTEN: '127.0.0.1:8080' }, /is not the path of a socket/],
  [{ GATEWAY_LISTEN: `unix:/${'x'.repeat(107)}` }, /has 108 bytes; a socket may have 107/],
  [{ GATEWAY_LISTEN: `unix:/${'é'.repeat(54)}` }, /has 109 bytes/],
  [{ GATEWAY_LISTEN_MODE: '0777' }, /is not the mode of a socket/],
  [{ GATEWAY_LISTEN_MODE: 'rw' }, /is not the mode of a socket/],
  [{ GATEWAY_TLS_CERT_FILE: import.meta.filename }, /^GATEWAY_TLS_KEY_FILE is not set/],
  [{ GATEWAY_TLS_KEY_FILE: import.meta.filename }, /^GATEWAY_TLS_CERT_FILE is not set/],
  [{ GATEWAY_TLS_CERT_FILE: '/nowhere.pem' }, /^GATEWAY_TLS_CERT_FILE the file .* cannot be read/],
])('%j is refused', (env, reason) => {
  expect(problemsOf(env)).toEqual([expect.stringMatching(reason)]);
});
