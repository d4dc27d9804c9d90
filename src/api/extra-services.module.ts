import type { DescService } from '@bufbuild/protobuf';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import type { Descriptors } from '../contract/descriptors.js';
import { RpcController } from '../edge/rpc-controller.js';

/** Serves the services of descriptor sets as a hand-written module would, without the writing. */
@Module({})
export class ExtraServicesModule {
  static create({ sets }: Descriptors): DynamicModule {
    const [, ...extraSets] = sets;
    return {
      module: ExtraServicesModule,
      controllers: extraSets.flatMap(({ services }) => services.map(controllerOf)),
    };
  }
}

function controllerOf(service: DescService): Type {
  // oxlint-disable-next-line typescript/no-extraneous-class -- filled by the decorator
  const controller = class ExtraController {};
  RpcController(service)(controller);
  return controller;
}
