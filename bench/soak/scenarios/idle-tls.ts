import { ListenerFiles } from '../../../test/support/listener-files.js';
import type { Scenario } from '../scenario.js';
import { ABOVE, RATE, ROOM, withIdle } from './idle-connections.js';

const IDLE = 2_000;

/** Idle connections over TLS, which take more memory, and whose handshakes take CPU. */
export const idleTls: Scenario = {
  name: 'idle-tls',
  title: `${IDLE} idle TLS connections beside ${RATE} good requests/s over TLS, and ${ABOVE} more (GATEWAY_MAX_CONNECTIONS=${IDLE + ROOM})`,
  seconds: 40,
  graceSeconds: 150,
  run: async (testbed, seconds) => {
    const files = new ListenerFiles();
    testbed.onClose(() => files.remove());
    return withIdle(testbed, seconds, { count: IDLE, env: files.env });
  },
};
