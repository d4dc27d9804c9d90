/** Injection token of the frozen {@link GatewayConfig}. */
export const GATEWAY_CONFIG = Symbol('GatewayConfig');
