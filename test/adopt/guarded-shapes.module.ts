import { Injectable, Module, UseGuards, type CanActivate } from '@nestjs/common';
import { RpcController } from '../../src/edge/rpc-controller.js';
import { shapeService } from '../support/shapes.js';

@Injectable()
class ClosedGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@RpcController(shapeService)
@UseGuards(ClosedGuard)
class GuardedShapesController {}

/** A controller whose guard lets nobody in, of routes that Nest dispatches and of routes that the matcher does. */
@Module({ controllers: [GuardedShapesController] })
export class GuardedShapesModule {}
