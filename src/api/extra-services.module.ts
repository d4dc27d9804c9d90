import type { DescService } from '@bufbuild/protobuf';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import type { Descriptors } from '../contract/descriptors.js';
import { RpcController } from '../edge/rpc-controller.js';

/** Serves the services of descriptor sets without a hand-written module per service. */
@Module({})
export class ExtraServicesModule {
  /** @param taken type names of services that already have a controller. */
  static create({ extraServices }: Descriptors, taken: ReadonlySet<string>): DynamicModule {
    const services = extraServices.filter(({ typeName }) => !taken.has(typeName));
    return { module: ExtraServicesModule, controllers: services.map(controllerOf) };
  }
}

function controllerOf(service: DescService): Type {
  // oxlint-disable-next-line typescript/no-extraneous-class -- filled by the decorator
  const controller = class ExtraController {};
  RpcController(service)(controller);
  return controller;
}
