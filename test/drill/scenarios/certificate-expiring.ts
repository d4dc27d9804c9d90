import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endingIn } from '../site/certificate.js';
import { until } from '../until.js';
import type { Scenario } from './scenario.js';

const CERTIFICATE = readFileSync('test/support/tls/earlier.pem', 'utf8');
let path = '';

export const CERTIFICATE_EXPIRING: Scenario = {
  name: 'certificate-expiring',
  fault: 'The certificate of an authority ends in ten days, and then tomorrow',
  prepare: ({ parts }) => {
    const directory = mkdtempSync(join(tmpdir(), 'drill-certificates-'));
    parts.add({ close: () => rmSync(directory, { recursive: true }) });
    path = join(directory, 'ca.pem');
    writeFileSync(path, CERTIFICATE);
    return Promise.resolve({
      ENABLE_TRACING: 'true',
      OTEL_SAMPLE_RATIO: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_CERTIFICATE: path,
    });
  },
  inject: async ({ prometheus }) => {
    writeFileSync(path, endingIn(10, CERTIFICATE));
    const isTold = async () => (await prometheus.firing()).includes('GatewayCertificateExpiring');
    await until('a certificate that ends in ten days is told of', isTold, { timeoutMs: 120_000 });
    writeFileSync(path, endingIn(1, CERTIFICATE));
  },
  heal: () => Promise.resolve(writeFileSync(path, CERTIFICATE)),
  alerts: [
    { alert: 'GatewayCertificateExpiring', receiver: 'slack-infra-oncall', labels: { severity: 'ticket' } },
    { alert: 'GatewayCertificateExpiring', receiver: 'pagerduty-apigateway-oncall', labels: { severity: 'page' } },
  ],
  silenced: ['GatewayCertificateExpiring'],
};
