import { fromBinary, type Message } from '@bufbuild/protobuf';
import { Injectable, Module, Scope, UseGuards, UseInterceptors } from '@nestjs/common';
import type { CallHandler, CanActivate, NestInterceptor } from '@nestjs/common';
import { from, map, of, type Observable } from 'rxjs';
import type { RpcCall } from '../../../src/edge/rpc-call.js';
import { RpcController } from '../../../src/edge/rpc-controller.js';
import { TenantService } from '../../../src/gen/tenant/v1/tenant_pb.js';
import { UserSchema, UserService } from '../../../src/gen/user/v1/user_pb.js';

@Injectable()
class ClosedGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

/** An ordinary class with explicit methods. */
abstract class BaseController {
  @UseGuards(ClosedGuard)
  UpdateUser(call: RpcCall): Promise<Uint8Array> {
    return call.send();
  }

  GetUser(call: RpcCall): Observable<Message> {
    return from(call.send()).pipe(map((bytes) => ({ ...fromBinary(UserSchema, bytes), displayName: 'Inherited' })));
  }
}

@RpcController(UserService)
class MiddleController extends BaseController {
  @UseGuards(ClosedGuard)
  DeleteUser(call: RpcCall): Promise<Uint8Array> {
    return call.send();
  }

  SearchUsers(): void {
    // It has nothing to say.
  }
}

@RpcController(UserService)
class InheritedController extends MiddleController {
  ListUsers(): unknown {
    return { n: 1n };
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedInterceptor implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(
        map((value: { body?: Buffer }) =>
          value.body ? { scoped: JSON.parse(value.body.toString()) as unknown } : value,
        ),
      );
  }
}

@Injectable({ scope: Scope.REQUEST })
class KnownInterceptor implements NestInterceptor {
  intercept(): Observable<unknown> {
    return of({ known: true });
  }
}

@RpcController(TenantService)
@UseInterceptors(ScopedInterceptor)
class ScopedTenantController {
  @UseInterceptors(KnownInterceptor)
  ListTenants(call: RpcCall): Promise<Uint8Array> {
    return call.send();
  }
}

/** Controllers that extend others, and one that Nest makes for each request. */
@Module({ controllers: [InheritedController, ScopedTenantController] })
export class InheritedModule {}
