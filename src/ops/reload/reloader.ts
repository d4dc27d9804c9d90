import { GatewayError, type FieldViolation } from '../../domain/errors.js';
import type { Observation } from '../../observe/observe.module.js';
import { SharedRun } from './shared-run.js';

/** Changes put in force by a reload. */
export interface ReloadReport {
  /** Settings whose value changed. */
  readonly settings: readonly string[];
  /** Settings that were changed but keep their former value until a restart. */
  readonly needRestart: readonly string[];
  /** Added routes, such as `GET /v1/books/{id}`. */
  readonly routesAdded: readonly string[];
  readonly routesRemoved: readonly string[];
  readonly policyRevision: string;
  readonly configHash: string;
}

/** Steps of a reload. */
export interface ReloadSteps {
  /**
   * Reads and checks everything, and changes nothing. Rejects if there are mistakes. Resolves to the function that
   * puts it in force.
   */
  readonly prepare: () => Promise<() => ReloadReport>;
  /** Returns the mistakes of a refused reload, one entry for each. */
  readonly explain: (error: unknown) => readonly FieldViolation[];
}

const SHOWN = 20;

/** Reloads settings, contracts and keys while the gateway runs, one reload at a time. */
export class Reloader {
  private readonly runs = new SharedRun(() => this.run());

  constructor(
    private readonly steps: ReloadSteps,
    private readonly observation: Pick<Observation, 'metrics' | 'logger' | 'drain'>,
  ) {}

  /**
   * Resolves to the changes in force. Rejects with FAILED_PRECONDITION, which names all mistakes; then nothing has
   * changed. Rejects with DRAINING once the process is about to end. A call during a reload gets the next one, since
   * files may have changed after they were read; all such calls share it.
   */
  reload(): Promise<ReloadReport> {
    return this.runs.next();
  }

  private async run(): Promise<ReloadReport> {
    const { metrics, drain, logger } = this.observation;
    if (drain.draining) {
      metrics.reloads.count('draining');
      logger.events.warn('reload_skipped_draining: the former settings and contracts stay in force');
      throw new GatewayError('DRAINING', 'The gateway is about to end: nothing is reloaded.');
    }
    try {
      const commit = await this.steps.prepare();
      const report = commit();
      metrics.reloads.count('applied');
      this.tell(report);
      return report;
    } catch (error) {
      metrics.reloads.count('refused');
      throw this.refuse(error);
    }
  }

  private tell(report: ReloadReport): void {
    const { events } = this.observation.logger;
    const { settings, needRestart, routesAdded, routesRemoved, policyRevision, configHash } = report;
    events.info(
      {
        settings,
        routes_added: routesAdded.slice(0, SHOWN),
        routes_removed: routesRemoved.slice(0, SHOWN),
        policy_revision: policyRevision,
        config_hash: configHash,
      },
      `policy_reloaded settings=${settings.length} routes_added=${routesAdded.length} routes_removed=${routesRemoved.length}`,
    );
    for (const setting of needRestart) events.warn({ setting }, `reload_needs_restart ${setting} needs a restart`);
  }

  private refuse(error: unknown): GatewayError {
    const errors = this.steps.explain(error);
    const count = `${errors.length} ${errors.length === 1 ? 'mistake' : 'mistakes'}`;
    this.observation.logger.events.error(
      { reasons: errors.slice(0, SHOWN).map(({ detail }) => detail), err: errors.length === 0 ? error : undefined },
      `policy_reload_failed ${count}: the former settings and contracts stay in force`,
    );
    const detail = `Nothing was reloaded: ${count}. The former settings and contracts stay in force.`;
    return new GatewayError('FAILED_PRECONDITION', detail, { errors: errors.slice(0, SHOWN), cause: error });
  }
}
