import {
  Controller,
  Get,
  Injectable,
  Module,
  UnauthorizedException,
  type MiddlewareConsumer,
  type NestMiddleware,
} from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { Access } from '../../../src/access/access.decorator.js';

@Injectable()
class ClosingMiddleware implements NestMiddleware {
  use({ headers }: IncomingMessage, _response: unknown, next: () => void): void {
    if (headers['x-hours'] === 'closed') throw new UnauthorizedException('closed');
    next();
  }
}

abstract class BaseController {
  @Get('inherited')
  @Access('AUTHENTICATED')
  inherited(): string {
    return 'inherited';
  }
}

@Controller('shelf')
class ShelfController extends BaseController {}

/** A module with NestJS middleware, and a controller whose routes are inherited. */
@Module({ controllers: [ShelfController] })
export class MiddlewareModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ClosingMiddleware).forRoutes('*path');
  }
}
