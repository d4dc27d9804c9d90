import { duration, flag } from '../unit-parsers.js';
import { defaulted } from '../setting.js';

/** How long things may take. Deadlines of upstreams are with the upstreams. */
export const deadlineSettings = {
  GATEWAY_REQUEST_TIMEOUT: defaulted(duration(), '30s', {
    description: 'Longest time from a whole request to its answer (504). Streams have limits of their own.',
    reloadable: true,
  }),
  GATEWAY_STREAM_IDLE_TIMEOUT: defaulted(duration(), '30s', {
    description: 'Longest pause between two messages of a stream whose policy sets none.',
    reloadable: true,
  }),
  GATEWAY_STREAM_MAX_DURATION: defaulted(duration(), '300s', {
    description: 'Longest stream whose policy sets none.',
    reloadable: true,
  }),
  GATEWAY_STREAM_HEARTBEAT: defaulted(duration({ min: 0 }), '15s', {
    description: 'How often a silent stream sends a comment, so that proxies keep it open. `0s` sends none.',
    reloadable: true,
  }),
  GATEWAY_STREAM_LINE_HEARTBEAT: defaulted(flag, 'false', {
    description:
      'Send heartbeats in silent streams of `application/x-ndjson` and `application/json`, too: an empty line, which readers of lines must then skip, and which is white space between the elements of an array.',
    reloadable: true,
  }),
  GATEWAY_STREAM_WRITE_TIMEOUT: defaulted(duration(), '60s', {
    description:
      'Longest time that a client may read nothing of a response that is waiting for it, streamed or not, before its connection is closed. One second at most while the gateway drains or has no room for further requests.',
  }),
  GATEWAY_STREAM_UNTIL_TOKEN_EXPIRY: defaulted(flag, 'true', {
    description:
      'End an open stream when the token that began it expires. A revoked token and an ended session end it always; that of a browser session is renewed.',
    reloadable: true,
  }),
};

/** From SIGTERM to the end of the process. */
export const shutdownSettings = {
  GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: defaulted(duration({ min: 0 }), '15s', {
    description:
      'How long the gateway still serves after SIGTERM while it reports itself not ready, so that load balancers notice. `0s` drains at once.',
  }),
  GATEWAY_SHUTDOWN_TIMEOUT: defaulted(duration(), '40s', {
    description: 'Longest wait for requests in flight, after the pre-drain wait.',
  }),
  GATEWAY_TERMINATION_GRACE: defaulted(duration(), '60s', {
    description: 'When the platform kills the process after SIGTERM: `terminationGracePeriodSeconds` of the pod.',
  }),
};
