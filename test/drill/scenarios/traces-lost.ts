import { OtlpReceiver } from '../../support/otlp-receiver.js';
import type { Scenario } from './scenario.js';

let receiver: OtlpReceiver;
let port = 0;

export const TRACES_LOST: Scenario = {
  name: 'traces-lost',
  fault: 'The collector of traces refuses connections',
  prepare: async ({ parts }) => {
    receiver = await OtlpReceiver.start();
    ({ port } = receiver);
    parts.add({ close: () => receiver.close() });
    return {
      ENABLE_TRACING: 'true',
      OTEL_SAMPLE_RATIO: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      OTEL_BSP_SCHEDULE_DELAY: '500',
    };
  },
  inject: () => receiver.close(),
  heal: async () => {
    receiver = await OtlpReceiver.start(port);
  },
  alerts: [{ alert: 'GatewayTraceSpansLost', receiver: 'slack-infra-oncall' }],
};
