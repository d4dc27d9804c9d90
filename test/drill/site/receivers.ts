import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Labels } from './prometheus.js';

const KEPT = 5_000;

/** An alert of a notification. */
export interface NotifiedAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** Notification that a receiver of Alertmanager got. */
export interface Notification {
  readonly receiver: string;
  /** Time of arrival, in ms as `performance.now()` counts. */
  readonly at: number;
  readonly alerts: readonly NotifiedAlert[];
}

/** A message in the form of Slack or PagerDuty. */
export interface Message {
  readonly receiver: string;
  readonly body: string;
}

/** Everybody whom Alertmanager notifies: `/webhook/<receiver>`, `/slack/<receiver>` and `/pagerduty`. */
export class Receivers {
  /** The latest notifications, the oldest first. */
  readonly notifications: Notification[] = [];
  readonly messages: Message[] = [];
  private readonly server = createServer((request, response) => {
    text(request).then(
      (body) => {
        this.receive(request, body);
        response.end('ok');
      },
      () => response.destroy(),
    );
  });

  static async start(): Promise<Receivers> {
    const receivers = new Receivers();
    receivers.server.listen(0, '127.0.0.1');
    await once(receivers.server, 'listening');
    return receivers;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Alerts of a status that a receiver was sent since a moment, each notification by itself. */
  sent(receiver: string, status: NotifiedAlert['status'], since = 0): readonly NotifiedAlert[] {
    return this.notifications
      .filter((each) => each.receiver === receiver && each.at >= since)
      .flatMap(({ alerts }) => alerts.filter((alert) => alert.status === status));
  }

  /** Alerts that a receiver was last told are firing. */
  open(): readonly NotifiedAlert[] {
    const latest = new Map<string, NotifiedAlert>();
    for (const { receiver, alerts } of this.notifications) {
      for (const alert of alerts) latest.set(receiver + JSON.stringify(alert.labels), alert);
    }
    return [...latest.values()].filter(({ status }) => status === 'firing');
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private receive({ url = '' }: IncomingMessage, body: string): void {
    const [, kind, receiver = ''] = url.split('/');
    if (kind !== 'webhook') return this.keep(this.messages, { receiver: receiver || routingKey(body), body });
    const { alerts } = JSON.parse(body) as { readonly alerts: readonly NotifiedAlert[] };
    this.keep(this.notifications, { receiver, at: performance.now(), alerts });
  }

  private keep<T>(list: T[], entry: T): void {
    if (list.push(entry) > KEPT) list.shift();
  }
}

/** PagerDuty has one address for all; the key says whose page it is. */
function routingKey(body: string): string {
  return (JSON.parse(body) as { readonly routing_key?: string }).routing_key ?? '';
}
