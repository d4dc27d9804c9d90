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
  /** False: use only information from the gateway. */
  readonly probe: boolean;
}

/**
 * Prints the likely cause of problems of a running gateway, with the evidence and the runbook page.
 * Resolves to the exit code: 0 when nothing is wrong, 1 when there is a cause, 69 when the gateway does not respond.
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
    terminal.err(`the metrics of the gateway are not available: ${error.message}`);
    const causes = error.status === undefined ? await suspectMainThread(admin) : [];
    if (causes.length > 0) return report(terminal, options, { causes, answers: [], probes: [] });
    terminal.err(
      'read the end of its log and the state of the pod, then runbooks/runbook-api-gateway.md; gateway doctor checks its dependencies',
    );
    return EXIT_UNAVAILABLE;
  }
  const { adminFault, probes } = observation;
  if (adminFault !== undefined) terminal.err(`upstreams and last errors are unknown: ${adminFault}`);
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

/** Probes the dependencies that the settings name. */
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
