import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { CallLog, LoggedCall } from './call-log.js';

/** A server interceptor that records every call of a backend, health and reflection included. */
export function recordCalls(upstream: string, log: CallLog): ServerInterceptor {
  return (method, call) => {
    const deadline = Number(call.getDeadline());
    let entry: LoggedCall | undefined;
    const finish = (outcome: string, cancelled: boolean) => {
      // grpc-js reports a cancellation after each call that ended well, too.
      if (entry === undefined || entry.outcome !== null) return;
      Object.assign(entry, { outcome, cancelled });
      log.changed(entry);
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, passOn) {
            entry = begin(upstream, method.path, metadata, deadline);
            log.add(entry);
            passOn(metadata);
          },
          onReceiveMessage(message: Readonly<Record<string, unknown>>, passOn) {
            if (entry !== undefined) log.onRequest?.(entry, message);
            passOn(message);
          },
          onCancel: () => finish(Date.now() >= deadline ? 'DEADLINE_EXCEEDED' : 'CANCELLED', true),
        }),
      sendMessage(message, next) {
        if (entry !== undefined) {
          entry.messages += 1;
          log.changed(entry);
        }
        next(message);
      },
      sendStatus(sent, next) {
        finish(status[sent.code ?? status.OK], false);
        next(sent);
      },
    });
  };
}

function begin(upstream: string, method: string, metadata: Metadata, deadline: number): LoggedCall {
  const now = Date.now();
  return {
    upstream,
    method,
    metadata: valuesOf(metadata),
    at: new Date(now).toISOString(),
    deadlineMs: Number.isFinite(deadline) ? deadline - now : null,
    messages: 0,
    outcome: null,
    cancelled: false,
  };
}

function valuesOf(metadata: Metadata): Record<string, string[]> {
  const text = (value: string | Buffer) => (typeof value === 'string' ? value : value.toString('base64'));
  return Object.fromEntries(Object.keys(metadata.getMap()).map((key) => [key, metadata.get(key).map(text)]));
}
