import type { AdminCommand, AdminInput } from './admin-messages.js';

/**
 * What the main thread does for each command: returns the body of the answer, which must be cloneable, or throws
 * GatewayError. The signal is aborted at the deadline of the call.
 */
export type AdminCommands<C extends AdminCommand = AdminCommand> = Readonly<
  Record<C, (input: AdminInput, signal: AbortSignal) => object | Promise<object>>
>;
