import type { AdminCommand, AdminInput } from '../admin/admin-messages.js';

/** A command for a worker. */
export interface CommandQuestion {
  readonly command: AdminCommand;
  readonly input: AdminInput;
}

/** Address of a worker that has started. */
export interface Started {
  readonly url: string;
  readonly opsUrl: string | undefined;
}

/** Names of requests to a worker. */
export const TO_WORKER = { metrics: 'metrics', command: 'command', reload: 'reload' } as const;

/** Names of requests to the first process. */
export const TO_FIRST = { started: 'started', exposition: 'exposition', agree: 'agree' } as const;
