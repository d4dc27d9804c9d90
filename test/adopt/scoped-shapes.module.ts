import { Injectable, Module, Scope, UseGuards, type CanActivate } from '@nestjs/common';
import { RpcController } from '../../src/edge/rpc-controller.js';
import { shapeService } from '../support/shapes.js';

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@RpcController(shapeService)
@UseGuards(ScopedGuard)
class ScopedShapesController {}

/** A controller that Nest makes for each request, since its guard is. */
@Module({ controllers: [ScopedShapesController] })
export class ScopedShapesModule {}
