import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { UpstreamConfig } from '../../config/upstreams.js';
import type { TlsMaterial } from '../tls-material.js';

/** A millisecond count that setTimeout takes and nobody lives to see. */
const NEVER_MS = 2_147_483_647;

/**
 * Spreads calls over all addresses. Without outlier detection: grpc-js counts every status but OK against an address,
 * so that callers who ask for what does not exist could have healthy pods ejected. Without timeouts and retries: the
 * call stack has them.
 */
const ROUND_ROBIN = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });

/** Makes the channel credentials of an upstream. Throws for PEM files that do not fit together. */
export function channelCredentials(material: TlsMaterial | undefined): ChannelCredentials {
  if (material === undefined) return credentials.createInsecure();
  const { ca = null, cert = null, key = null } = material;
  return credentials.createSsl(ca, key, cert);
}

/** Translates the settings into grpc-js' channel arguments; durations are milliseconds. */
export function channelOptions(upstream: UpstreamConfig, grpc: GatewayConfig['grpc']): ChannelOptions {
  return {
    'grpc.initial_reconnect_backoff_ms': grpc.initialBackoffMs,
    'grpc.max_reconnect_backoff_ms': grpc.maxBackoffMs,
    'grpc.max_receive_message_length': grpc.maxReceiveBytes,
    'grpc.max_send_message_length': grpc.maxSendBytes,
    'grpc.service_config': grpc.serviceConfig ?? ROUND_ROBIN,
    // Otherwise a TXT record of the backend's domain could set deadlines and retries.
    'grpc.service_config_disable_resolution': 1,
    // Transparent retries alone (gRFC A6): a call that no backend has processed goes out once more.
    'grpc.enable_retries': 1,
    // It keeps a trace of every call in memory.
    'grpc.enable_channelz': 0,
    // A proxy in the environment is for the outside world, unless the settings say that it is for backends too.
    'grpc.enable_http_proxy': grpc.httpProxy ? 1 : 0,
    // Two gateways in one process must not share connections.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.client_idle_timeout_ms': NEVER_MS,
    'grpc.primary_user_agent': 'api-gateway',
    ...(upstream.tls.serverName !== undefined && { 'grpc.ssl_target_name_override': upstream.tls.serverName }),
  };
}

/** Returns keepalive as @nestjs/microservices takes it; undefined when pings are off (0). */
export function keepaliveOptions(grpc: GatewayConfig['grpc']) {
  if (grpc.keepaliveTimeMs === 0) return undefined;
  return {
    keepaliveTimeMs: grpc.keepaliveTimeMs,
    keepaliveTimeoutMs: grpc.keepaliveTimeoutMs,
    // Without it a connection that went dead while nobody called would fail the next calls.
    keepalivePermitWithoutCalls: 1,
  };
}
