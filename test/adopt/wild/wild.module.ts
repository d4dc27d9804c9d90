import { Catch, Controller, Get, Injectable, Module, UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { Access } from '../../../src/access/access.decorator.js';
import { RpcController } from '../../../src/edge/rpc-controller.js';
import { UserService } from '../../../src/gen/user/v1/user_pb.js';
import { wild } from './wild.js';

const http = (context: ArgumentsHost) => context.switchToHttp();
const caseOf = (context: ArgumentsHost): string => String(http(context).getRequest<FastifyRequest>().headers['x-wild']);

@Injectable()
class WildGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const guard = wild.guards[caseOf(context)];
    return guard === undefined ? true : (guard(context) as boolean);
  }
}

@Injectable()
class WildInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { headers } = http(context).getRequest<FastifyRequest>();
    const around = wild.interceptors[String(headers['x-wild'])];
    return around === undefined ? next.handle() : (around(next, context) as Observable<unknown>);
  }
}

export class Wild extends Error {}

@Catch(Wild)
class WildFilter implements ExceptionFilter {
  catch(error: Wild, host: ArgumentsHost): unknown {
    return wild.filters[error.message]!(http(host).getResponse<FastifyReply>(), error);
  }
}

@RpcController(UserService)
@UseGuards(WildGuard)
@UseInterceptors(WildInterceptor)
@UseFilters(WildFilter)
class WildUserController {}

@Controller('wild')
@UseGuards(WildGuard)
@UseFilters(WildFilter)
class WildController {
  @Get()
  @Access('AUTHENTICATED')
  get(): object {
    return { wild: true };
  }
}

/** Enhancers that do whatever a test asks of them by the header `x-wild`. */
@Module({ controllers: [WildUserController, WildController] })
export class WildModule {}
