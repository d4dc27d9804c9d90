import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const EXPIRY = 'gateway_tls_certificate_expiry_timestamp_seconds';
const START = 'gateway_tls_certificate_start_timestamp_seconds';
const directory = mkdtempSync(join(tmpdir(), 'certificates-'));
const path = (name: string) => join(directory, name);
const read = (name: string) => readFileSync(join(import.meta.dirname, '../support/tls', `${name}.pem`), 'utf8');
const endOf = (name: string) => new X509Certificate(read(name)).validToDate.getTime() / 1000;
const startOf = (name: string) => new X509Certificate(read(name)).validFromDate.getTime() / 1000;

let gateway: TestGateway;

beforeAll(async () => {
  write('chain.pem', read('client'), read('earlier'));
  write('bundle.pem', read('ca'), read('earlier'));
  write('key.pem', read('client-key'));
  write('user.pem', read('earlier'));
  gateway = await startTestGateway({
    env: {
      GATEWAY_AI_TLS_MODE: 'mtls',
      GATEWAY_AI_TLS_CA_FILE: path('bundle.pem'),
      GATEWAY_AI_TLS_CERT_FILE: path('chain.pem'),
      GATEWAY_AI_TLS_KEY_FILE: path('key.pem'),
      GATEWAY_USER_TLS_MODE: 'tls',
      GATEWAY_USER_TLS_CA_FILE: path('user.pem'),
      ENABLE_TRACING: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_CERTIFICATE: path('bundle.pem'),
    },
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(directory, { recursive: true });
});

/** Replaces a file as a mounted Secret is: by another one of that name. */
function write(name: string, ...texts: readonly string[]): void {
  writeFileSync(path(`${name}.new`), texts.join('\n'));
  renameSync(path(`${name}.new`), path(name));
}

/** Series of a metric in a new scrape, as `used_for/kind`. */
async function series(metric: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const found = text.matchAll(new RegExp(`^${metric}\\{used_for="(\\w+)",kind="(\\w+)"\\} (\\S+)$`, 'gm'));
  return Object.fromEntries(Array.from(found, ([, usedFor, kind, value]) => [`${usedFor}/${kind}`, Number(value)]));
}

describe('the end of certificates', () => {
  it('is that of the first of a chain, and of the last authority of a bundle', async () => {
    expect(endOf('earlier')).toBeLessThan(endOf('client'));
    expect(await series(EXPIRY)).toEqual({
      'ai/client': endOf('earlier'),
      'ai/ca': endOf('ca'),
      'user/ca': endOf('earlier'),
      'otlp/ca': endOf('ca'),
    });
  });

  it('comes with the beginning of the same certificate', async () => {
    expect(await series(START)).toMatchObject({ 'ai/client': startOf('earlier'), 'ai/ca': startOf('ca') });
  });

  it.each([
    ['is read again when the file was replaced', () => [read('ca')], () => endOf('ca')],
    ['is not told of a file without a certificate', () => ['no certificate'], () => undefined],
    ['is not told of a certificate that cannot be parsed', () => [read('ca').replace(/MII.{40}/, '')], () => undefined],
    ['is told again once the file is repaired', () => [read('earlier')], () => endOf('earlier')],
  ])('%s', async (_, texts, expected) => {
    write('user.pem', ...texts());
    expect((await series(EXPIRY))['user/ca']).toBe(expected());
  });

  it('is not told of a file that is gone, and everything else still is', async () => {
    rmSync(path('user.pem'));
    expect(Object.keys(await series(EXPIRY))).toEqual(['ai/client', 'ai/ca', 'otlp/ca']);
  });
});
