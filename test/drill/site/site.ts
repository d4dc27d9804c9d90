import { OpenParts } from '../../../sandbox/open-parts.js';
import { startSandbox, type SandboxEnvironment } from '../../../sandbox/environment.js';
import { TestRedis } from '../../support/redis.js';
import type { Scenario } from '../scenarios/scenario.js';
import { until } from '../until.js';
import { Alertmanager } from './alertmanager.js';
import { Pod } from './pod.js';
import { Prometheus, type ScrapedPod, type Series } from './prometheus.js';
import { Receivers } from './receivers.js';
import { Traffic, type TrafficOptions } from './traffic.js';

/** Settings whose durations are compressed as those of the rules are; everything else is what the gateway starts with. */
const SETTINGS = {
  GATEWAY_HEALTH_INTERVAL: '1s',
  GATEWAY_RECOVERY_HOLD: '1s',
  GATEWAY_CIRCUIT_WINDOW: '10s',
  GATEWAY_CIRCUIT_OPEN: '1s',
  GATEWAY_CIRCUIT_MAX_OPEN: '4s',
  GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: '1s',
  GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '1s',
  GATEWAY_SESSION_KEY: 'the session key of a drill alone',
  RATE_LIMIT_RPS: '1000',
  RATE_LIMIT_BURST: '2000',
};

export interface SiteOptions {
  /** False: no Alertmanager and no receivers; Prometheus evaluates alerts all the same. */
  readonly alerts?: boolean;
  /** False: no requests. */
  readonly traffic?: boolean;
}

/** Receivers of the alerts. */
export interface AlertPath {
  readonly alertmanager: Alertmanager;
  readonly receivers: Receivers;
}

/** A sandbox, gateways in it that are scraped, and whoever is alerted, ready for a fault. */
export class Site {
  /** The gateways; those that ended are among them until they are replaced. */
  readonly pods: Pod[] = [];
  /** Parts that are closed with the site. */
  readonly parts = new OpenParts();
  private started = 0;
  private prepared: Readonly<Record<string, string>> = {};
  private isClosed = false;
  private besides: Traffic | undefined;
  private alertPath: AlertPath | undefined;
  sandbox!: SandboxEnvironment;
  prometheus!: Prometheus;
  /** Undefined when the scenario needs none. */
  redis: TestRedis | undefined;
  traffic: Traffic | undefined;

  private constructor(readonly scenario: Scenario) {}

  /** Starts everything, pods ready and scraped. Rejects with nothing left open. */
  static async start(scenario: Scenario, options: SiteOptions): Promise<Site> {
    const site = new Site(scenario);
    try {
      await site.open(options);
      return site;
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  /** Alertmanager and its receivers. Throws on a site that was started without. */
  get alerts(): AlertPath {
    if (this.alertPath === undefined) throw new Error('this site was started without Alertmanager');
    return this.alertPath;
  }

  /** The first pod that runs. Throws when none does. */
  get pod(): Pod {
    const pod = this.pods.find(({ isRunning }) => isRunning);
    if (pod === undefined) throw new Error('no pod runs');
    return pod;
  }

  /** Lines of all pods so far, each pod by itself. */
  get lines(): readonly Readonly<Record<string, unknown>>[] {
    return this.pods.flatMap(({ lines }) => lines);
  }

  /** Begins the fault of the scenario. */
  inject(): Promise<void> {
    return this.scenario.inject(this);
  }

  /** Ends it, as its mitigation would. */
  heal(): Promise<void> {
    return this.scenario.heal(this);
  }

  query(expression: string): Promise<readonly Series[]> {
    return this.prometheus.query(expression);
  }

  /** Sends further requests, until {@link sendNothingBesides}. */
  async sendBesides(options: Partial<TrafficOptions>): Promise<void> {
    await this.sendNothingBesides();
    this.besides = this.newTraffic(options);
  }

  async sendNothingBesides(): Promise<void> {
    await this.besides?.stop();
  }

  /** Adds a pod, which takes requests and is scraped once it is ready. @param added settings of it alone */
  async addPod(added: Readonly<Record<string, string>> = {}): Promise<Pod> {
    this.started += 1;
    const name = `api-gateway-7d9f6c-${String(this.started).padStart(5, 'p')}`;
    const { env = {}, nodeArgs = [] } = this.scenario;
    const { prepared } = this;
    const pod = await Pod.start(this.sandbox, { name, env: { ...SETTINGS, ...env, ...prepared, ...added }, nodeArgs });
    this.pods.push(this.parts.add({ name: pod.name, pod, close: () => pod.kill() }).pod);
    void pod.process.exited.then(() => this.updateTargets());
    this.updateTargets();
    return pod;
  }

  /** Stops everything and leaves nothing open. Idempotent. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.sendNothingBesides();
    await this.traffic?.stop();
    await this.parts.close();
  }

  private async open({ alerts = true, traffic = true }: SiteOptions): Promise<void> {
    const { scenario, parts } = this;
    if (scenario.redis) this.redis = parts.add(await TestRedis.start());
    this.sandbox = parts.add(await startSandbox({ faultServer: false, guardrail: true, redisUrl: this.redis?.url }));
    this.prepared = (await scenario.prepare?.(this)) ?? {};
    for (let count = scenario.pods ?? 1; count > 0; count--) await this.addPod();
    if (alerts) {
      const receivers = parts.add(await Receivers.start());
      this.alertPath = { receivers, alertmanager: parts.add(await Alertmanager.start(receivers.url)) };
    }
    if (traffic) this.traffic = this.newTraffic(scenario.traffic);
    const scraped = this.scrapedPods();
    this.prometheus = parts.add(await Prometheus.start({ pods: scraped, alertmanager: this.alertPath?.alertmanager }));
    await this.untilScraped(scraped.length);
  }

  private newTraffic(options: Partial<TrafficOptions> = {}): Traffic {
    const targets = () => this.pods.filter((pod) => pod.isRunning && !pod.isEnding).map(({ url }) => url);
    return new Traffic(this.sandbox, { targets, ...options });
  }

  /** Resolves once all pods are scraped and rates have values. */
  private async untilScraped(pods: number): Promise<void> {
    const ready = `count(rate(http_requests_total{job="api-gateway",path="/metrics"}[5s]) > 0) == ${pods}`;
    await until('all pods are scraped', async () => (await this.prometheus.query(ready)).length > 0);
  }

  private updateTargets(): void {
    if (!this.isClosed) this.prometheus?.scrape(this.scrapedPods());
  }

  /** A pod that has ended is no longer a target, as in Kubernetes. */
  private scrapedPods(): ScrapedPod[] {
    const running = this.pods.filter(({ isRunning }) => isRunning);
    return running.map(({ name, opsUrl }) => ({ name, address: new URL(opsUrl).host }));
  }
}
