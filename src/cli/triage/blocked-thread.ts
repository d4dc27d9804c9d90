import type { AdminClient } from '../admin-client.js';
import type { Suspicion } from './suspicion.js';

const MAX_FRAMES = 12;
const PAGE = '/debug/pprof/goroutine?debug=1';
/** Matches the state of the main thread and its indented frames. */
const STACK = /^main thread: (?:runs|in native code).*(?:\n {4}.*)*/m;

/** Fetches the stack of the main thread of an unresponsive gateway from its admin listener. Empty if it is not blocked or unknown. */
export async function suspectMainThread(admin: AdminClient): Promise<Suspicion[]> {
  const page = await admin.bytes(PAGE).catch(() => undefined);
  const [stack] = STACK.exec(page?.toString('utf8') ?? '') ?? [];
  if (stack === undefined) return [];
  return [
    {
      subject: 'event loop',
      condition: 'blocked',
      confidence: 'high',
      evidence: ['the admin listener responds, the main thread does not', ...stack.split('\n', MAX_FRAMES)],
      remedy: 'restart this instance, and inspect the first function of the stack',
      runbook: 'docs/profiles.md',
    },
  ];
}
