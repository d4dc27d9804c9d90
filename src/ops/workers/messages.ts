import type { AdminCommand, AdminInput } from '../admin/admin-messages.js';

/** What a worker is asked. */
export interface CommandQuestion {
  readonly command: AdminCommand;
  readonly input: AdminInput;
}

/** Where a worker listens. */
export interface Started {
  readonly url: string;
  readonly opsUrl: string | undefined;
}

/** Names of questions to a worker. */
export const TO_WORKER = { metrics: 'metrics', command: 'command', reload: 'reload' } as const;

/** Names of questions to the first process. */
export const TO_FIRST = { started: 'started', exposition: 'exposition', agree: 'agree' } as const;
