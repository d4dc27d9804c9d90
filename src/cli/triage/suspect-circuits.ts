import type { Observation } from './observation.js';
import type { Suspicion } from './suspicion.js';

/** Values of `circuit_breaker_state`; a closed circuit is 0. */
const STATES: Readonly<Record<number, 'open' | 'recovering'>> = { 1: 'open', 2: 'recovering' };
const REFUSED_SHARE = 0.05;

/**
 * Finds the circuits that refuse requests although nothing is wrong with the upstream: it works again, or an operator holds
 * them open. Where an upstream is suspected itself, its circuit is part of the evidence there.
 */
export function suspectCircuits({ metrics }: Observation, backends: readonly Suspicion[]): Suspicion[] {
  const suspected = new Set(backends.filter(({ confidence }) => confidence !== 'low').map(({ subject }) => subject));
  const upstreams = metrics.after.values('gateway_circuit_state', 'upstream');
  return upstreams
    .filter((upstream) => !suspected.has(`upstream ${upstream}`))
    .flatMap((upstream) => {
      const refused = metrics.increase('gateway_circuit_rejections_total', { upstream, reason: 'open' });
      const found = circuitsOf(metrics.after.series('circuit_breaker_state'), upstream);
      const isRefusing = refused > REFUSED_SHARE * metrics.increase('http_requests_total');
      if (found.length === 0 && isRefusing) found.push([upstream, 'recovering']);
      return found.map(([name, condition]) => suspicion(upstream, name, { condition, refused }));
    });
}

function circuitsOf(
  series: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[],
  upstream: string,
): [name: string, state: 'open' | 'recovering'][] {
  return series.flatMap(({ labels: { name = '' }, value }) => {
    const state = STATES[value];
    return state !== undefined && name.startsWith(`${upstream}.`) ? [[name, state]] : [];
  });
}

function suspicion(
  upstream: string,
  name: string,
  { condition, refused }: { readonly condition: 'open' | 'recovering'; readonly refused: number },
): Suspicion {
  return {
    subject: `circuit ${name}`,
    condition,
    confidence: 'medium',
    evidence: [`${refused} calls to ${upstream} were refused meanwhile (503 CIRCUIT_OPEN)`],
    remedy: `if ${upstream} works again, close it in each pod: curl -X POST http://127.0.0.1:6060/admin/circuits/${upstream}/close`,
    runbook: 'runbooks/sop/circuits.md',
  };
}
