import { z } from 'zod';
import { count, duration } from '../unit-parsers.js';
import { defaulted, optional, required } from '../setting.js';
import { file, text } from '../string-parsers.js';
import { addressOrNone, NONE } from '../upstream-address.js';
import { grpcTransport, tlsMode } from './grpc-settings.js';

/** The upstreams of the built-in contract: their address is required or not, and their own defaults. */
const BUILT_IN: Readonly<Record<string, { required: boolean; timeout: string; maxConcurrent: string }>> = {
  auth: { required: true, timeout: '1s', maxConcurrent: '256' },
  user: { required: true, timeout: '2s', maxConcurrent: '512' },
  tenant: { required: true, timeout: '2s', maxConcurrent: '512' },
  ai: { required: false, timeout: '25s', maxConcurrent: '128' },
  guardrail: { required: false, timeout: '1500ms', maxConcurrent: '256' },
};

/** Names of the upstreams that the built-in contract speaks of. */
export const BUILT_IN_UPSTREAMS: readonly string[] = Object.keys(BUILT_IN);

/** The service of the build that a deployment may leave out without saying so. */
export const OPTIONAL_SERVICE = 'ai.v1.AIService';

/** The upstream that is asked about the messages of others. It has no routes of its own. */
export const GUARDRAIL = 'guardrail';

/** The settings of one upstream. */
export function upstreamSchema(name: string) {
  const builtIn = BUILT_IN[name];
  const url = {
    description: `Address of the upstream \`${name}\`${withoutAddress(name)}`,
    example: `${name.replaceAll('_', '-')}-service:50051`,
    ...(builtIn?.required ? { orElse: `${name.toUpperCase()}_SERVICE_URL=${NONE} for a gateway without it` } : {}),
  };
  const timeout = {
    description: `Deadline of a call to \`${name}\` whose policy sets none.${builtIn ? '' : ' Unset: `GATEWAY_UPSTREAM_TIMEOUT`.'}`,
    ...(builtIn ? {} : { example: '5s' }),
    reloadable: true as const,
  };
  const maxConcurrent = {
    description: `Calls to \`${name}\` in flight at once; streams count.${builtIn ? '' : ' Unset: `GATEWAY_UPSTREAM_MAX_CONCURRENT`.'}`,
    ...(builtIn ? {} : { example: '64' }),
  };
  return z.object({
    url: builtIn?.required ? required(addressOrNone, url) : optional(addressOrNone, url),
    timeout: builtIn ? defaulted(duration(), builtIn.timeout, timeout) : optional(duration(), timeout),
    maxConcurrent: builtIn
      ? defaulted(count({ min: 1 }), builtIn.maxConcurrent, maxConcurrent)
      : optional(count({ min: 1 }), maxConcurrent),
    transport: optional(grpcTransport, {
      description: `What carries calls to \`${name}\`. Unset: \`GATEWAY_GRPC_TRANSPORT\`.`,
      example: 'grpc-js',
    }),
    tlsMode: optional(tlsMode, { description: `Encryption towards \`${name}\`.`, example: 'tls' }),
    caFile: optional(file, { description: `Authorities for \`${name}\`.`, example: '/etc/gateway/tls/ca.crt' }),
    certFile: optional(file, { description: `Own certificate for \`${name}\`.`, example: '/etc/gateway/tls/tls.crt' }),
    keyFile: optional(file, { description: `Key of that certificate.`, example: '/etc/gateway/tls/tls.key' }),
    serverName: optional(text, { description: `Name in the certificate of \`${name}\`.`, example: 'users.internal' }),
  });
}

function withoutAddress(name: string): string {
  if (name === GUARDRAIL) return ' (docs/guardrails.md). Unset: nothing is checked.';
  if (!BUILT_IN[name]?.required) return `. Unset or \`${NONE}\`: its routes do not exist.`;
  return `; \`${NONE}\`: the deployment has no such service, and everything that depends on it is left out ([without-services.md](without-services.md)).`;
}

export type UpstreamValues = z.infer<ReturnType<typeof upstreamSchema>>;

/** The environment variable of each setting of an upstream. */
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
