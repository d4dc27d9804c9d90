import { mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openCollector, type Collector } from './collector.js';
import { openIdentity, type Identity } from './identity.js';
import type { Options, SystemName } from './options.js';
import { CACHE } from './paths.js';
import { PinnedProcess, freePort, openOutputFolder, type Command } from './process.js';
import { SYSTEMS, upstreamCommand } from './systems.js';

/** Directory for the profiles of `--cpu-prof`. */
export const profileFolder = (name: SystemName): string => join(CACHE, 'profiles', name);

/** A running system. */
export interface Running {
  readonly name: SystemName;
  readonly process: PinnedProcess;
  readonly origin: string;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => resolve(false));
  });
}

async function answers(origin: string, token: string): Promise<boolean> {
  const response = await fetch(`${origin}/api/v1/users/ready`, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status === 200;
}

function nodeFlags(name: SystemName, profile: boolean): readonly string[] {
  if (!profile) return [];
  rmSync(profileFolder(name), { recursive: true, force: true });
  mkdirSync(profileFolder(name), { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${profileFolder(name)}`, '--cpu-prof-interval=250'];
}

/** The upstream, the issuer and the systems under test: everything the harness starts, and nothing it does not stop. */
export class Testbed {
  private readonly output = openOutputFolder();
  private readonly processes: PinnedProcess[] = [];
  private upstreamPort = 0;

  private constructor(
    readonly identity: Identity,
    private readonly collector: Collector,
    readonly options: Options,
  ) {}

  /** Starts the upstream and the issuer. */
  static async open(options: Options): Promise<Testbed> {
    const testbed = new Testbed(await openIdentity(), await openCollector(), options);
    try {
      testbed.upstreamPort = await freePort();
      const upstream = testbed.start('upstream', upstreamCommand(testbed.upstreamPort), options.cores[1]);
      await upstream.ready(() => accepts(testbed.upstreamPort));
      return testbed;
    } catch (error) {
      await testbed.close();
      throw error;
    }
  }

  get upstream(): PinnedProcess {
    return this.processes[0] as PinnedProcess;
  }

  /** Starts a prepared system and waits for its first answer. */
  async add(name: SystemName): Promise<Running> {
    const port = await freePort();
    const { identity, options } = this;
    const upstream = `127.0.0.1:${this.upstreamPort}`;
    const collector = this.collector.url;
    const flags = nodeFlags(name, options.profile);
    const command = SYSTEMS[name].command({ port, upstream, collector, identity, nodeFlags: flags });
    const started = this.start(name, command, options.cores[0]);
    const origin = `http://127.0.0.1:${port}`;
    await started.ready(() => answers(origin, identity.token));
    return { name, process: started, origin };
  }

  /** Stops every process, the identity and removes their output. */
  async close(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.stop()));
    this.identity.close();
    this.collector.close();
    this.output.remove();
  }

  private start(name: string, command: Command, core: number): PinnedProcess {
    const started = new PinnedProcess(name, command, core, join(this.output.path, `${name}.log`));
    this.processes.push(started);
    return started;
  }
}
