import type { DescService } from '@bufbuild/protobuf';
import type { DynamicModule, Type } from '@nestjs/common';
import type { Descriptors, DescriptorSet } from '../contract/descriptors.js';
import { RpcController } from '../edge/rpc-controller.js';
import { registerUpstream } from '../grpc/upstream.module.js';

/** A module for each upstream whose contract came as a descriptor set: what a hand-written one would be, without the writing. */
export function extraUpstreamModules({ sets }: Descriptors): DynamicModule[] {
  const [, ...extraSets] = sets;
  return extraSets.flatMap(modulesOf);
}

function modulesOf(set: DescriptorSet): DynamicModule[] {
  const byUpstream = Map.groupBy(set.services, (service) => service.typeName.split('.', 1)[0] ?? '');
  return [...byUpstream].map(([upstream, services]) => ({
    // oxlint-disable-next-line typescript/no-extraneous-class -- Nest tells modules apart by their class
    module: class ExtraUpstreamModule {},
    imports: [registerUpstream(upstream, set.bytes)],
    controllers: services.map(controllerOf),
  }));
}

function controllerOf(service: DescService): Type {
  // oxlint-disable-next-line typescript/no-extraneous-class -- filled by the decorator
  const controller = class ExtraController {};
  RpcController(service)(controller);
  return controller;
}
