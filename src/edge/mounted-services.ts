import type { DiscoveryService } from '@nestjs/core';
import { controlledService, type ControlledService } from './rpc-controller.js';

type ControllerWrapper = ReturnType<DiscoveryService['getControllers']>[number];

/** A controller of an application that serves a gRPC service. */
export interface MountedService {
  readonly controlled: ControlledService;
  readonly wrapper: ControllerWrapper;
}

/** Finds the controllers made by `@RpcController` among those of an application. */
export function mountedServices(discovery: DiscoveryService): MountedService[] {
  return discovery.getControllers().flatMap((wrapper) => {
    const { metatype } = wrapper;
    const controlled = metatype === null ? undefined : controlledService(metatype);
    return controlled === undefined ? [] : [{ controlled, wrapper }];
  });
}
