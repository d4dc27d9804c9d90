import { GatewayError } from '../../domain/errors.js';
import type { CircuitReport } from '../../traffic/breaker-circuit.js';
import type { Breakers } from '../../traffic/breakers.js';
import type { AdminInput } from './admin-messages.js';

/** Circuits in the hands of an operator. */
export function circuitCommands(breakers: Breakers) {
  const change =
    (act: (upstream: string) => boolean) =>
    ({ params }: AdminInput) => {
      const upstream = params['upstream'] ?? '';
      if (act(upstream)) return describe(breakers, upstream);
      const known = breakers.upstreams.join(', ');
      throw new GatewayError('NOT_FOUND', `There is no service "${upstream}"; known: ${known}.`);
    };
  return {
    'list-circuits': () => ({ circuits: breakers.upstreams.map((upstream) => describe(breakers, upstream)) }),
    'open-circuit': change((upstream) => breakers.open(upstream)),
    'close-circuit': change((upstream) => breakers.close(upstream)),
    'reset-circuit': change((upstream) => breakers.reset(upstream)),
  };
}

function describe(breakers: Breakers, upstream: string): object {
  const report = breakers.report(upstream);
  return { upstream, read: report && describeCircuit(report.read), write: report && describeCircuit(report.write) };
}

function describeCircuit({ state, forMs, nextTryInMs, held }: CircuitReport): object {
  const now = Date.now();
  const since = new Date(now - forMs).toISOString();
  const nextTry = nextTryInMs === undefined ? null : new Date(now + nextTryInMs).toISOString();
  return { state, since, nextTry, held };
}
