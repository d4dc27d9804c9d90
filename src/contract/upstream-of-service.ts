import { type DescService, getOption } from '@bufbuild/protobuf';
import { nearestUpstreamName, UPSTREAM_NAME } from '../domain/upstream-name.js';
import { service as serviceOption } from '../gen/gateway/v1/policy_pb.js';

/** Last segment of a package that is its version (PACKAGE_VERSION_SUFFIX of buf): `v1`, `v1beta1`, `v2p1alpha`. */
const VERSION = /^v\d+(?:p\d+)?(?:(?:alpha|beta)\d*|test\w*)?$/;

/**
 * Returns the name of the upstream that serves a service: that of its option, otherwise the last segment of its package
 * before the version. Empty for a service that has neither.
 */
export function upstreamOfService(service: DescService): string {
  return statedUpstream(service) ?? defaultUpstream(service.file.proto.package);
}

/** Returns the upstream that (gateway.v1.service) states, valid or not. */
export function statedUpstream(service: DescService): string | undefined {
  return getOption(service, serviceOption).upstream || undefined;
}

/**
 * Returns a package without its version: `acme.billing` for `acme.billing.v1` and `acme.billing.v2`, which are one API.
 */
export function withoutVersion(packageName: string): string {
  const segments = packageName.split('.');
  return segments.length > 1 && VERSION.test(segments.at(-1) ?? '') ? segments.slice(0, -1).join('.') : packageName;
}

/**
 * Returns the default name in lower case, since the settings of an upstream are in capitals whatever the case of the
 * package.
 */
function defaultUpstream(packageName: string): string {
  return withoutVersion(packageName).split('.').at(-1)?.toLowerCase() ?? '';
}

/** Returns why the name of a service's upstream is invalid. */
export function upstreamMistake(service: DescService): string | undefined {
  const name = upstreamOfService(service);
  if (UPSTREAM_NAME.test(name)) return undefined;
  const option = '(gateway.v1.service) = {upstream: "…"}';
  if (name === '') return `needs a package, whose last segment names the upstream, or the option ${option}`;
  const better = nearestUpstreamName(name);
  const hint = better === undefined ? `name it with ${option}` : `write upstream: "${better}" in (gateway.v1.service)`;
  return `"${name}" is not the name of an upstream, which has lower-case letters, digits and _: ${hint}`;
}
