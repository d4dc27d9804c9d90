import { setTimeout as pause } from 'node:timers/promises';
import { PEOPLE } from '../../../sandbox/data/seed.js';
import { signIn } from '../../support/sso.js';
import { WebClient } from '../../support/web-client.js';
import type { Site } from './site.js';

const PAUSE_MS = 500;

/** People who sign in with a browser, one after the other, whatever becomes of it. */
export class SignIns {
  private readonly stopped = new AbortController();
  private readonly ended: Promise<void>;

  constructor(site: Site) {
    this.ended = this.run(site);
  }

  async close(): Promise<void> {
    this.stopped.abort();
    await this.ended;
  }

  private async run(site: Site): Promise<void> {
    const { signal } = this.stopped;
    for (let count = 0; !signal.aborted; count++) {
      const { email } = PEOPLE[count % PEOPLE.length] ?? PEOPLE[0];
      const [pod] = site.pods;
      if (pod !== undefined) await signIn(new WebClient(), { publicUrl: pod.publicUrl }, email).catch(() => undefined);
      await pause(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
