import { Client, type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import type { GatewayConfig, UpstreamConfig } from '../../src/config/gateway-config.js';
import { readTlsMaterial } from '../../src/grpc/tls-material.js';

/** A millisecond count that setTimeout takes and nobody lives to see. */
const NEVER_MS = 2_147_483_647;

/**
 * Durations in a service config must be whole seconds: grpc-js reads "0.3s" as 3 ns (fact F12). This one has none.
 * No outlier detection: grpc-js counts every status but OK against a host, so that a caller who asks for what does
 * not exist, or tries passwords, could have healthy pods ejected.
 */
const SERVICE_CONFIG = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });

/** A raw client of grpc-js with the gateway's own settings. Close it. */
export function rawClient(upstream: UpstreamConfig, grpc: GatewayConfig['grpc']): Client {
  return new Client(upstream.target, channelCredentials(upstream), channelOptions(upstream, grpc));
}

function channelCredentials(upstream: UpstreamConfig): ChannelCredentials {
  const material = readTlsMaterial(upstream);
  if (material === undefined) return credentials.createInsecure();
  const { ca = null, cert = null, key = null } = material;
  return credentials.createSsl(ca, key, cert);
}

function channelOptions(upstream: UpstreamConfig, grpc: GatewayConfig['grpc']): ChannelOptions {
  return {
    ...keepalive(grpc),
    'grpc.initial_reconnect_backoff_ms': grpc.initialBackoffMs,
    'grpc.max_reconnect_backoff_ms': grpc.maxBackoffMs,
    'grpc.max_receive_message_length': grpc.maxReceiveBytes,
    'grpc.max_send_message_length': grpc.maxSendBytes,
    'grpc.service_config': SERVICE_CONFIG,
    // Otherwise a TXT record of the backend's domain could set deadlines and retries.
    'grpc.service_config_disable_resolution': 1,
    // The call stack retries, with a budget; two layers would multiply.
    'grpc.enable_retries': 0,
    // It keeps a trace of every call in memory.
    'grpc.enable_channelz': 0,
    // A proxy in the environment is for the outside world, not for backends.
    'grpc.enable_http_proxy': 0,
    // Two gateways in one process must not share connections.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.client_idle_timeout_ms': NEVER_MS,
    'grpc.primary_user_agent': 'api-gateway',
    ...(upstream.tls.serverName !== undefined && { 'grpc.ssl_target_name_override': upstream.tls.serverName }),
  };
}

/** Without pings a half-open connection fails every call for ever (fact F11). 0 switches them off. */
function keepalive(grpc: GatewayConfig['grpc']): ChannelOptions {
  if (grpc.keepaliveTimeMs === 0) return {};
  return {
    'grpc.keepalive_time_ms': grpc.keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': grpc.keepaliveTimeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
  };
}
