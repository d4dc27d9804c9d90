import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { readText } from '../../ops/project-files.js';
import { compressConfig } from '../compress.js';
import type { Labels } from './prometheus.js';
import { ToolProcess } from './tool-process.js';

/** An alert as Alertmanager has it. */
export interface HeldAlert {
  readonly labels: Labels;
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] };
}

interface Receiver extends Record<string, unknown> {
  readonly name: string;
  readonly webhook_configs?: readonly { readonly url: string }[];
}

interface AlertmanagerConfig {
  readonly receivers: readonly Receiver[];
}

/** A real Alertmanager with the project's routes, inhibitions and messages, whose durations are compressed. */
export class Alertmanager {
  private constructor(
    private readonly process: ToolProcess,
    private readonly directory: string,
  ) {}

  /** @param receiversUrl where `Receivers` listen. */
  static async start(receiversUrl: string): Promise<Alertmanager> {
    const directory = mkdtempSync(join(tmpdir(), 'alertmanager-'));
    writeFileSync(join(directory, 'alertmanager.yml'), configuration(directory, receiversUrl));
    const args = [
      `--config.file=${directory}/alertmanager.yml`,
      `--storage.path=${directory}/data`,
      '--cluster.listen-address=',
    ];
    return new Alertmanager(await ToolProcess.start('prometheus-alertmanager', args), directory);
  }

  /** `host:port` */
  get address(): string {
    return new URL(this.process.url).host;
  }

  get url(): string {
    return this.process.url;
  }

  async alerts(): Promise<readonly HeldAlert[]> {
    return (await (await fetch(`${this.process.url}/api/v2/alerts`)).json()) as readonly HeldAlert[];
  }

  async close(): Promise<void> {
    await this.process.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The project's example, whose keys are those of the drill. Each receiver gets a webhook too, which shows the labels of an alert. */
function configuration(directory: string, receiversUrl: string): string {
  const secrets = join(directory, 'secrets');
  const example = compressConfig(readText('runbooks/alerts/alertmanager.yml'));
  const config = parse(example.replaceAll('/etc/alertmanager/secrets', secrets), { merge: true }) as AlertmanagerConfig;
  mkdirSync(secrets);
  for (const receiver of config.receivers) writeSecrets(receiver, receiversUrl);
  const receivers = config.receivers.map((receiver) =>
    withWebhook(receiver, `${receiversUrl}/webhook/${receiver.name}`),
  );
  return stringify({ global: { pagerduty_url: `${receiversUrl}/pagerduty` }, ...config, receivers });
}

/** Slack's file holds the address of the channel, that of PagerDuty a key: both name the receiver. */
function writeSecrets(receiver: Receiver, receiversUrl: string): void {
  for (const configs of Object.values(receiver)) {
    if (!Array.isArray(configs)) continue;
    for (const each of configs as Record<string, string>[]) {
      if (each['routing_key_file']) {
        each['routing_key_file'] = each['routing_key_file'].replace(/[^/]*$/, receiver.name);
        writeFileSync(each['routing_key_file'], receiver.name);
      }
      if (each['api_url_file']) {
        each['api_url_file'] = each['api_url_file'].replace(/[^/]*$/, receiver.name);
        writeFileSync(each['api_url_file'], `${receiversUrl}/slack/${receiver.name}`);
      }
    }
  }
}

function withWebhook(receiver: Receiver, url: string): Receiver {
  const own = receiver.webhook_configs ?? [{ url: '' }];
  return { ...receiver, webhook_configs: own.map((each) => ({ ...each, url })) };
}
