import type { Counter } from 'prom-client';
import { withDeadline } from '../domain/loop-timeout.js';
import type { Transition } from './degrade-flags.js';

const QUEUE_LENGTH = 100;
const TIMEOUT_MS = 5000;

/** Outcome of an alert. */
export type AlertOutcome = 'sent' | 'failed' | 'dropped';

export interface AlertTarget {
  readonly url: string;
  /** Name of the deployment: `acme-prod`. */
  readonly deployment: string;
  /** Name of the instance, which tells a failing pod from a failing fleet. */
  readonly pod: string;
  readonly outcomes: Counter<'outcome'>;
  readonly fetch?: typeof fetch;
}

/**
 * Sends degradations to a webhook as one searchable sentence: `[acme-prod] auth.degraded TokenRevocationService Redis
 * stream degraded`. Nothing waits for it and nothing is sent twice: a webhook that is slow or down costs alerts,
 * never requests or memory.
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

  /** Builds the payload: `text` is what Slack shows; the rest is for machines. */
  private payload({ impairment, state, reason }: Transition) {
    const { component, cause, area } = impairment;
    const { deployment, pod } = this.target;
    const event = `${area}.${state}`;
    const text = `[${deployment}] ${event} ${impairment[state]}`;
    return { text, event, component, cause, reason, deployment, pod, at: new Date().toISOString() };
  }

  /** Sends alerts one after the other, in the order of events. */
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
