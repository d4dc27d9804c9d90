import { Injectable, Module, Scope, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RpcController } from '../../src/edge/rpc-controller.js';
import { UserService } from '../../src/gen/user/v1/user_pb.js';

let made = 0;

@Injectable({ scope: Scope.REQUEST })
class CountedGuard implements CanActivate {
  readonly number = ++made;

  canActivate(context: ExecutionContext): boolean {
    context
      .switchToHttp()
      .getResponse<{ header(name: string, value: string): void }>()
      .header('x-guard', `${this.number}`);
    return true;
  }
}

@RpcController(UserService)
@UseGuards(CountedGuard)
class ScopedUserController {}

/** A controller that Nest makes for each request, of routes that all are Nest's. */
@Module({ controllers: [ScopedUserController] })
export class ScopedUsersModule {}
