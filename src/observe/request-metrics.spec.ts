import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { CallContext } from '../domain/call-context.js';
import { NO_SPAN } from '../domain/span-record.js';
import { REQUEST_STAGES } from '../domain/request-stage.js';
import { NO_TRACE } from '../domain/trace-context.js';
import { RequestMetrics } from './request-metrics.js';

const NAME = 'gateway_in_flight_stage_requests';

test.each(REQUEST_STAGES)(
  'a request in the stage %s is counted while it is there, at each scrape anew',
  async (stage) => {
    const registry = new Registry();
    const inFlight = new Set<CallContext>();
    new RequestMetrics(registry, () => inFlight);
    const counts = async () => {
      const { values } = (await registry.getSingleMetric(NAME)?.get()) ?? { values: [] };
      return Object.fromEntries(values.map(({ labels, value }) => [labels['stage'], value]));
    };
    const call = new CallContext('r', NO_TRACE, 0, Infinity);
    call.enter(stage, NO_SPAN);
    inFlight.add(call);
    const none = Object.fromEntries(REQUEST_STAGES.map((each) => [each, 0]));
    expect(await counts()).toEqual({ ...none, [stage]: 1 });
    expect(await counts()).toEqual({ ...none, [stage]: 1 });
    inFlight.delete(call);
    expect(await counts()).toEqual(none);
  },
);
