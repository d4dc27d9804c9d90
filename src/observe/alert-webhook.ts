import type { Counter } from 'prom-client';
import { withDeadline } from '../domain/loop-timeout.js';
import type { Transition } from './degrade-flags.js';

const QUEUE_LENGTH = 100;
const TIMEOUT_MS = 5000;

/** What becomes of an alert. */
export type AlertOutcome = 'sent' | 'failed' | 'dropped';

export interface AlertTarget {
  readonly url: string;
  /** Whose deployment this is: `acme-prod`. */
  readonly deployment: string;
  /** The instance, so that one can tell a sick pod from a sick fleet. */
  readonly pod: string;
  readonly outcomes: Counter<'outcome'>;
  readonly fetch?: typeof fetch;
}

/**
 * Tells people of degradations, in one searchable sentence: `[acme-prod] auth.degraded TokenRevocationService Redis stream degraded`.
 * Nobody waits for it and nothing is sent twice: a webhook that is slow or down costs alerts, never requests or memory.
 */
export class AlertWebhook {
  private readonly queue: string[] = [];
  private sending = false;

  constructor(private readonly target: AlertTarget) {}

  send(transition: Transition): void {
    if (this.queue.length >= QUEUE_LENGTH) return this.count('dropped');
    this.queue.push(JSON.stringify(this.payload(transition)));
    if (!this.sending) void this.drain();
  }

  /** `text` is what Slack shows; the rest is for machines. */
  private payload({ impairment, state, reason }: Transition) {
    const { component, cause, area } = impairment;
    const { deployment, pod } = this.target;
    const event = `${area}.${state}`;
    const text = `[${deployment}] ${event} ${impairment[state]}`;
    return { text, event, component, cause, reason, deployment, pod, at: new Date().toISOString() };
  }

  /** One after the other, in the order of events. */
  private async drain(): Promise<void> {
    this.sending = true;
    for (let body = this.queue.shift(); body !== undefined; body = this.queue.shift()) {
      this.count((await this.post(body)) ? 'sent' : 'failed');
    }
    this.sending = false;
  }

  private async post(body: string): Promise<boolean> {
    const headers = { 'content-type': 'application/json' };
    const request = this.target.fetch ?? fetch;
    try {
      return await withDeadline(TIMEOUT_MS, async (signal) => {
        const response = await request(this.target.url, { method: 'POST', body, headers, signal, redirect: 'error' });
        await response.body?.cancel();
        return response.ok;
      });
    } catch {
      return false;
    }
  }

  private count(outcome: AlertOutcome): void {
    this.target.outcomes.inc({ outcome });
  }
}
