import { type Kind, Refusal } from './setting.js';

/** Members of a gRPC service config that policies of RPCs replace. */
const OURS = ['methodConfig', 'retryThrottling'];

/** Parses a gRPC service config in JSON (grpc/doc/service_config.md) without deadlines and retries, which belong to policies. */
export const serviceConfig: Kind<string> = {
  form: 'JSON',
  parse(raw) {
    const config = parseObject(raw);
    const refused = OURS.find((key) => Object.hasOwn(config, key));
    if (refused === undefined) return raw;
    throw new Refusal(`has ${refused}`, 'leave it out: deadlines and retries are those of the policy of each RPC');
  },
};

function parseObject(raw: string): object {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw new Refusal('is not JSON', 'write {"loadBalancingConfig":[{"round_robin":{}}]}');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Refusal('is not a JSON object', 'write {"loadBalancingConfig":[{"round_robin":{}}]}');
}
