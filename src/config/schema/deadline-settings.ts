import { defaulted, type SettingsOf } from '../setting.js';
import { duration, flag } from '../unit-parsers.js';

/** Settings of deadlines towards clients. Deadlines of upstreams are upstream settings. */
export const deadlineSettings = {
  GATEWAY_REQUEST_TIMEOUT: defaulted(duration(), '30s', {
    description: 'Maximum time from the complete request to its response (504). Streams have their own limits.',
    reloadable: true,
  }),
  GATEWAY_STREAM_IDLE_TIMEOUT: defaulted(duration(), '30s', {
    description: 'Maximum time between two messages of a stream whose policy does not set one.',
    reloadable: true,
  }),
  GATEWAY_STREAM_MAX_DURATION: defaulted(duration(), '300s', {
    description: 'Maximum duration of a stream whose policy does not set one.',
    reloadable: true,
  }),
  GATEWAY_STREAM_HEARTBEAT: defaulted(duration({ min: 0 }), '15s', {
    description: 'Interval of heartbeat comments in an idle stream, so that proxies keep it open. `0s` disables them.',
    reloadable: true,
  }),
  GATEWAY_STREAM_LINE_HEARTBEAT: defaulted(flag, 'false', {
    description:
      'Also send heartbeats in idle streams of `application/x-ndjson` and `application/json`: an empty line, which clients that read lines must skip; between the elements of a JSON array it is white space.',
    reloadable: true,
  }),
  GATEWAY_STREAM_WRITE_TIMEOUT: defaulted(duration(), '60s', {
    description:
      'Maximum time that a client may stop reading a pending response, streamed or not, before its connection is closed. At most one second while the gateway drains or has reached its concurrency limit.',
  }),
  GATEWAY_STREAM_UNTIL_TOKEN_EXPIRY: defaulted(flag, 'true', {
    description:
      'End an open stream when the token that started it expires. A revoked token or an ended session always ends it; the token of a browser session is renewed.',
    reloadable: true,
  }),
};

/** From SIGTERM to the end of the process. */
export const shutdownSettings = {
  GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: defaulted(duration({ min: 0 }), '15s', {
    description:
      'How long the gateway keeps serving after SIGTERM while it reports itself not ready, so that load balancers notice. `0s` drains immediately.',
  }),
  GATEWAY_SHUTDOWN_TIMEOUT: defaulted(duration(), '40s', {
    description: 'Maximum wait for requests in flight, after the pre-drain wait.',
  }),
  GATEWAY_TERMINATION_GRACE: defaulted(duration(), '60s', {
    description:
      'Time after SIGTERM at which the platform kills the process: `terminationGracePeriodSeconds` of the pod.',
  }),
};

/** Maps the settings of deadlines and shutdown. */
export function timeoutsOf(settings: SettingsOf<typeof deadlineSettings & typeof shutdownSettings>) {
  return {
    requestMs: settings.GATEWAY_REQUEST_TIMEOUT,
    streamIdleMs: settings.GATEWAY_STREAM_IDLE_TIMEOUT,
    streamTotalMs: settings.GATEWAY_STREAM_MAX_DURATION,
    streamHeartbeatMs: settings.GATEWAY_STREAM_HEARTBEAT,
    streamWriteMs: settings.GATEWAY_STREAM_WRITE_TIMEOUT,
    preDrainMs: settings.GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT,
    shutdownMs: settings.GATEWAY_SHUTDOWN_TIMEOUT,
    terminationGraceMs: settings.GATEWAY_TERMINATION_GRACE,
  };
}

/** Maps the settings of streams other than deadlines. */
export function streamsOf(settings: SettingsOf<typeof deadlineSettings>) {
  return {
    untilTokenExpiry: settings.GATEWAY_STREAM_UNTIL_TOKEN_EXPIRY,
    lineHeartbeat: settings.GATEWAY_STREAM_LINE_HEARTBEAT,
  };
}
