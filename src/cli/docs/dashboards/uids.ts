export const SERVICE_UID = 'api-gateway';
export const SLO_UID = 'api-gateway-slo';
