import {
  Controller,
  Get,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { RpcController } from '../../../src/edge/rpc-controller.js';
import { UserService } from '../../../src/gen/user/v1/user_pb.js';
import { Access } from '../../../src/access/access.decorator.js';

const denies = (context: ExecutionContext, name: string): boolean =>
  context.switchToHttp().getRequest<FastifyRequest>().headers['x-deny'] !== name;

@Injectable()
class ExistingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return denies(context, 'existing');
  }
}
class ValueGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return denies(context, 'value');
  }
}
class FactoryGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return denies(context, 'factory');
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return denies(context, 'transient');
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class AttachedGuard implements CanActivate {
  /** Undefined if its constructor did not run. */
  private readonly name = 'attached';

  canActivate(context: ExecutionContext): boolean {
    return denies(context, this.name);
  }
}

@RpcController(UserService)
@UseGuards(AttachedGuard)
class KindsUserController {}

@Controller('kinds')
@UseGuards(AttachedGuard)
class KindsController {
  @Get()
  @Access('AUTHENTICATED')
  get(): string {
    return 'kinds';
  }
}

/** Global guards given in every way that Nest knows. */
@Module({
  controllers: [KindsController, KindsUserController],
  providers: [
    ExistingGuard,
    { provide: APP_GUARD, useExisting: ExistingGuard },
    { provide: APP_GUARD, useValue: new ValueGuard() },
    { provide: APP_GUARD, useFactory: () => new FactoryGuard() },
    { provide: APP_GUARD, useClass: TransientGuard },
  ],
})
export class KindsModule {}
