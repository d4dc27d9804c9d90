import { z } from 'zod';
import { count, duration } from '../unit-parsers.js';
import { defaulted, optional, required } from '../setting.js';
import { file, text } from '../string-parsers.js';
import { addressOrNone, NONE } from '../upstream-address.js';
import { grpcTransport, tlsMode } from './grpc-settings.js';

/** Upstreams of the built-in contract: whether the address is required, and their defaults. */
const BUILT_IN: Readonly<Record<string, { required: boolean; timeout: string; maxConcurrent: string }>> = {
  auth: { required: true, timeout: '1s', maxConcurrent: '256' },
  user: { required: true, timeout: '2s', maxConcurrent: '512' },
  tenant: { required: true, timeout: '2s', maxConcurrent: '512' },
  ai: { required: false, timeout: '25s', maxConcurrent: '128' },
  guardrail: { required: false, timeout: '1500ms', maxConcurrent: '256' },
};

/** Names of the upstreams of the built-in contract. */
export const BUILT_IN_UPSTREAMS: readonly string[] = Object.keys(BUILT_IN);

/** Built-in service that is left out when its address is not set. */
export const OPTIONAL_SERVICE = 'ai.v1.AIService';

/** Name of the upstream that checks messages of other upstreams. It has no routes. */
export const GUARDRAIL = 'guardrail';

/** Returns the settings of one upstream. */
export function upstreamSchema(name: string) {
  const builtIn = BUILT_IN[name];
  const url = {
    description: `Address of the upstream \`${name}\`${withoutAddress(name)}`,
    example: `${name.replaceAll('_', '-')}-service:50051`,
    ...(builtIn?.required ? { orElse: `${name.toUpperCase()}_SERVICE_URL=${NONE} for a gateway without it` } : {}),
  };
  const timeout = {
    description: `Deadline of a call to \`${name}\` whose policy does not set one.${builtIn ? '' : ' Unset: `GATEWAY_UPSTREAM_TIMEOUT`.'}`,
    ...(builtIn ? {} : { example: '5s' }),
    reloadable: true as const,
  };
  const maxConcurrent = {
    description: `Maximum number of concurrent calls to \`${name}\`, including streams.${builtIn ? '' : ' Unset: `GATEWAY_UPSTREAM_MAX_CONCURRENT`.'}`,
    ...(builtIn ? {} : { example: '64' }),
  };
  return z.object({
    url: builtIn?.required ? required(addressOrNone, url) : optional(addressOrNone, url),
    timeout: builtIn ? defaulted(duration(), builtIn.timeout, timeout) : optional(duration(), timeout),
    maxConcurrent: builtIn
      ? defaulted(count({ min: 1 }), builtIn.maxConcurrent, maxConcurrent)
      : optional(count({ min: 1 }), maxConcurrent),
    transport: optional(grpcTransport, {
      description: `Transport of calls to \`${name}\`. Unset: \`GATEWAY_GRPC_TRANSPORT\`.`,
      example: 'grpc-js',
    }),
    tlsMode: optional(tlsMode, { description: `Encryption of connections to \`${name}\`.`, example: 'tls' }),
    caFile: optional(file, {
      description: `Certificate authorities of \`${name}\`.`,
      example: '/etc/gateway/tls/ca.crt',
    }),
    certFile: optional(file, {
      description: `Client certificate for \`${name}\`.`,
      example: '/etc/gateway/tls/tls.crt',
    }),
    keyFile: optional(file, { description: `Private key of that certificate.`, example: '/etc/gateway/tls/tls.key' }),
    serverName: optional(text, {
      description: `Host name that the certificate of \`${name}\` is verified against.`,
      example: 'users.internal',
    }),
  });
}

function withoutAddress(name: string): string {
  if (name === GUARDRAIL) return ' (docs/guardrails.md). Unset: messages are not checked.';
  if (!BUILT_IN[name]?.required) return `. Unset or \`${NONE}\`: its routes do not exist.`;
  return `; \`${NONE}\`: the deployment has no such service, and everything that depends on it is left out ([without-services.md](without-services.md)).`;
}

export type UpstreamValues = z.infer<ReturnType<typeof upstreamSchema>>;

/** Returns the environment variable of each setting of an upstream. */
export function upstreamVariables(name: string): Readonly<Record<keyof UpstreamValues, string>> {
  const word = name.toUpperCase();
  return {
    url: `${word}_SERVICE_URL`,
    timeout: `GATEWAY_${word}_TIMEOUT`,
    maxConcurrent: `GATEWAY_${word}_MAX_CONCURRENT`,
    transport: `GATEWAY_${word}_GRPC_TRANSPORT`,
    tlsMode: `GATEWAY_${word}_TLS_MODE`,
    caFile: `GATEWAY_${word}_TLS_CA_FILE`,
    certFile: `GATEWAY_${word}_TLS_CERT_FILE`,
    keyFile: `GATEWAY_${word}_TLS_KEY_FILE`,
    serverName: `GATEWAY_${word}_TLS_SERVER_NAME`,
  };
}
