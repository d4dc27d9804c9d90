import { GatewayError } from '../../domain/errors.js';
import type { CircuitReport } from '../../traffic/breaker-circuit.js';
import type { Breakers } from '../../traffic/breakers.js';
import type { Protection } from '../../traffic/protection.js';
import { shownTime } from './state/shown-time.js';
import type { AdminCommands, AdminInput, CircuitCommand } from './admin-messages.js';

/** Returns the commands that show, open, close and reset circuit breakers. */
export function circuitCommands({
  breakers,
  reports,
}: Pick<Protection, 'breakers' | 'reports'>): AdminCommands<CircuitCommand> {
  const change =
    (act: (upstream: string) => boolean) =>
    ({ params }: AdminInput) => {
      const upstream = params['upstream'] ?? '';
      if (act(upstream)) return describeCircuits(breakers, upstream);
      const known = breakers.upstreams.join(', ');
      throw new GatewayError('NOT_FOUND', `There is no service "${upstream}"; known: ${known}.`);
    };
  return {
    'list-circuits': () => ({
      circuits: breakers.upstreams.map((upstream) => describeCircuits(breakers, upstream)),
      transitions: reports.transitions.map(({ at, ...rest }) => ({ at: shownTime(at), ...rest })).toReversed(),
    }),
    'open-circuit': change((upstream) => breakers.open(upstream)),
    'close-circuit': change((upstream) => breakers.close(upstream)),
    'reset-circuit': change((upstream) => breakers.reset(upstream)),
  };
}

/** Describes the circuit breakers of one upstream. */
export function describeCircuits(breakers: Breakers, upstream: string): object {
  const report = breakers.report(upstream);
  return { upstream, read: report && describeCircuit(report.read), write: report && describeCircuit(report.write) };
}

function describeCircuit({ state, forMs, nextTryInMs, held }: CircuitReport): object {
  const now = Date.now();
  const since = new Date(now - forMs).toISOString();
  const nextTry = nextTryInMs === undefined ? null : new Date(now + nextTryInMs).toISOString();
  return { state, since, nextTry, held };
}
