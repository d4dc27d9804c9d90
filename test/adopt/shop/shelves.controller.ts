import { Controller, Get, Query, UseInterceptors } from '@nestjs/common';
import { Access } from '../../../src/access/access.decorator.js';
import { Upstream } from '../../../src/edge/upstream.decorator.js';
import { StopwatchInterceptor } from './stopwatch.interceptor.js';

/** An ordinary controller: the gateway's guards and interceptors hold for it as for any route. */
@Controller('shop/shelves')
export class ShelvesController {
  @Get()
  @Access('AUTHENTICATED')
  @Upstream('user')
  list(@Query('kind') kind?: string): object {
    return { shelves: kind === undefined ? ['tea', 'coffee'] : [kind] };
  }

  @Get('locked')
  @Access('ACCESS_CONTROLLED', 'user.read')
  @Upstream('user')
  locked(): object {
    return { shelves: ['saffron'] };
  }

  @Get('undeclared')
  @UseInterceptors(StopwatchInterceptor)
  undeclared(): object {
    return { shelves: [] };
  }
}
