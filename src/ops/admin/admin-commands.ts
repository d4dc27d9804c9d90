import type { AdminCommand, AdminInput } from './admin-messages.js';

/**
 * Commands of the main thread. Each returns the body of the response, which must be cloneable, or throws
 * GatewayError. The signal is aborted at the deadline of the call.
 */
export type AdminCommands<C extends AdminCommand = AdminCommand> = Readonly<
  Record<C, (input: AdminInput, signal: AbortSignal) => object | Promise<object>>
>;
