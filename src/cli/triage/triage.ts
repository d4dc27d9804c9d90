import { parseEnvironment } from '../../config/environment.js';
import type { AdminClient } from '../admin-client.js';
import { examine } from '../doctor/doctor.js';
import type { ProbeLimits } from '../doctor/endpoint-checks.js';
import { FetchFailure } from '../fetch-bounded.js';
import { EXIT_UNAVAILABLE, formatTable, type Terminal } from '../terminal.js';
import type { CliContext } from '../cli-context.js';
import { suspectMainThread } from './blocked-thread.js';
import { fiveAnswers } from './five-answers.js';
import { type Observation, observeGateway } from './observation.js';
import { suspectBackends } from './suspect-backends.js';
import { suspectCircuits } from './suspect-circuits.js';
import { suspectGateway } from './suspect-gateway.js';
import { rankSuspicions, type Suspicion } from './suspicion.js';

export interface TriageOptions extends ProbeLimits {
  readonly metricsUrl: string;
  readonly intervalMs: number;
  readonly json: boolean;
  /** False: judge by what the gateway tells alone. */
  readonly probe: boolean;
}

/**
 * Names the likely cause of trouble at a running gateway, with the evidence and the page to read.
 * Resolves to the exit code: 0 when nothing is wrong, 1 when there is a cause, 69 when the gateway does not answer.
 */
export async function triage(
  context: CliContext,
  terminal: Terminal,
  admin: AdminClient,
  options: TriageOptions,
): Promise<number> {
  const { metricsUrl, intervalMs, timeoutMs } = options;
  let observation: Observation;
  try {
    observation = await observeGateway({
      admin,
      metricsUrl,
      intervalMs,
      timeoutMs,
      probe: () => probe(context, options),
    });
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error;
    terminal.err(`the gateway does not tell its metrics: ${error.message}`);
    const causes = error.status === undefined ? await suspectMainThread(admin) : [];
    if (causes.length > 0) return report(terminal, options, { causes, answers: [], probes: [] });
    terminal.err(
      'read its last lines and the state of the pod, then runbooks/runbook-api-gateway.md; gateway doctor tries what is around it',
    );
    return EXIT_UNAVAILABLE;
  }
  const { adminFault, probes } = observation;
  if (adminFault !== undefined) terminal.err(`upstreams and last errors are not known: ${adminFault}`);
  const backends = suspectBackends(observation);
  const causes = rankSuspicions([
    ...backends,
    ...suspectCircuits(observation, backends),
    ...suspectGateway(observation),
  ]);
  return report(terminal, options, { causes, answers: fiveAnswers(observation, causes), probes });
}

interface Report {
  readonly causes: readonly Suspicion[];
  readonly answers: readonly string[][];
  readonly probes: Observation['probes'];
}

function report(terminal: Terminal, { json }: TriageOptions, { causes, answers, probes }: Report): number {
  if (json) terminal.out(JSON.stringify({ causes, answers: Object.fromEntries(answers) as object, probes }, null, 2));
  else for (const line of describe(causes, answers)) terminal.out(line);
  return causes.length === 0 ? 0 : 1;
}

/** Only what the settings name can be probed. */
async function probe({ inspection, env, routes }: CliContext, options: TriageOptions) {
  if (!options.probe || inspection.problems.length > 0) return [];
  return examine(parseEnvironment(env), routes, options);
}

function describe(causes: readonly Suspicion[], answers: readonly string[][]): string[] {
  const [first, ...others] = causes;
  if (first === undefined) return ['nothing is wrong that can be seen from here', '', ...formatTable(answers)];
  return [
    `likely cause: ${first.subject} is ${first.condition} (confidence ${first.confidence})`,
    ...first.evidence.map((line) => `  ${line}`),
    ...(first.remedy === undefined ? [] : [`what to do: ${first.remedy}`]),
    `read: ${first.runbook}`,
    ...others.map(
      ({ subject, condition, confidence }) => `also: ${subject} is ${condition} (confidence ${confidence})`,
    ),
    ...(answers.length === 0 ? [] : ['', ...formatTable(answers)]),
  ];
}
