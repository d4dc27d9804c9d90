import type { AdminClient } from '../admin-client.js';
import type { Suspicion } from './suspicion.js';

const MAX_FRAMES = 12;
const PAGE = '/debug/pprof/goroutine?debug=1';
/** The state of the main thread, and its frames, which are indented. */
const STACK = /^main thread: (?:runs|in native code).*(?:\n {4}.*)*/m;

/** Asks the admin listener of a gateway that does not answer what its main thread does. Empty: it is not that, or nobody tells. */
export async function suspectMainThread(admin: AdminClient): Promise<Suspicion[]> {
  const page = await admin.bytes(PAGE).catch(() => undefined);
  const [stack] = STACK.exec(page?.toString('utf8') ?? '') ?? [];
  if (stack === undefined) return [];
  return [
    {
      subject: 'event loop',
      condition: 'blocked',
      confidence: 'high',
      evidence: ['the admin listener answers, the main thread does not', ...stack.split('\n', MAX_FRAMES)],
      remedy: 'restart this instance; the first function of the stack is the one to look into',
      runbook: 'docs/profiles.md',
    },
  ];
}
