import type { DescService } from '@bufbuild/protobuf';
import { controllersOf, type ModuleLike } from './adopted-modules.js';
import type { ConfigProblem, ConfigWarning } from './config/config-error.js';
import { nearest } from './domain/did-you-mean.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { upstreamVariables } from './config/schema/upstream-settings.js';
import { NONE } from './config/upstream-address.js';
import type { Descriptors } from './contract/descriptors.js';
import { upstreamOfService } from './contract/upstream-of-service.js';
import { controlledService } from './edge/rpc-controller.js';

const SETTING = 'GATEWAY_UPSTREAMS';

/** Settings of upstreams except their addresses. */
export type UpstreamSettings = Pick<GatewayConfig, 'absentUpstreams' | 'upstreamNames'>;

/** Finds controllers of modules whose service has no upstream, or another one than in the settings. */
export function controllerProblems(modules: readonly ModuleLike[], settings: UpstreamSettings): ConfigProblem[] {
  return controllersOf(modules).flatMap((controller) => {
    const service = controlledService(controller)?.service;
    if (service === undefined) return [];
    return [
      ...absentProblem(controller.name, service, settings),
      ...renamedProblem(controller.name, service, settings),
    ];
  });
}

/** Finds a controller of a service whose upstream is absent. */
function absentProblem(controller: string, service: DescService, { absentUpstreams }: UpstreamSettings) {
  const upstream = upstreamOfService(service);
  if (!absentUpstreams.includes(upstream)) return [];
  const { url } = upstreamVariables(upstream);
  const reason = `${controller} is the controller of ${service.typeName}, but ${url} is ${NONE}`;
  return [{ name: 'GATEWAY_MODULES', reason, hint: `set ${url}, or remove the controller` }];
}

/** Finds a controller of a service that the settings rename, which generated code cannot know. */
function renamedProblem(controller: string, service: DescService, { upstreamNames }: UpstreamSettings) {
  const { typeName, file } = service;
  const owners = [typeName, file.proto.package];
  const upstream = upstreamOfService(service);
  const named = upstreamNames.find(({ owner }) => owners.includes(owner));
  if (named === undefined || named.upstream === upstream) return [];
  const reason = `names ${named.owner}, but ${controller} of GATEWAY_MODULES has ${typeName} from generated code, where its upstream is "${upstream}"`;
  const hint = `set option (gateway.v1.service) = {upstream: "${named.upstream}"} in its proto and generate the code again`;
  return [{ name: SETTING, reason, hint }];
}

/** Warns of names for unknown packages or services, and of names that contradict a proto. */
export function upstreamNameWarnings(
  { sets }: Pick<Descriptors, 'sets'>,
  { upstreamNames }: Pick<GatewayConfig, 'upstreamNames'>,
): ConfigWarning[] {
  const [, ...mounted] = sets;
  const services = mounted.flatMap(({ registry }) => [...registry].filter((type) => type.kind === 'service'));
  const owners = new Set(services.flatMap(({ typeName, file }) => [typeName, file.proto.package]));
  const unknown = upstreamNames.filter(({ owner }) => !owners.has(owner));
  return [
    ...unknown.map(({ owner }) => unknownOwner(owner, owners)),
    ...mounted.flatMap(({ named, services: exposed }) =>
      exposed.flatMap((service) => contradiction(service, named.get(service.typeName))),
    ),
  ];
}

function unknownOwner(owner: string, owners: ReadonlySet<string>): ConfigWarning {
  const meant = nearest(owner, owners);
  const hint = meant === undefined ? 'mount its descriptor set, or remove it' : `did you mean ${meant}?`;
  return { name: SETTING, reason: `names ${owner}, which is in no set of GATEWAY_DESCRIPTORS`, hint };
}

function contradiction(service: DescService, said: string | undefined): ConfigWarning[] {
  const upstream = upstreamOfService(service);
  if (said === undefined || said === upstream) return [];
  const reason = `sends ${service.typeName} to "${upstream}", although its proto says "${said}": the setting wins`;
  return [{ name: SETTING, reason, hint: 'remove one of the two' }];
}
