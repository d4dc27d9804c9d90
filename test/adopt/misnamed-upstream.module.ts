import { Controller, Get, Module } from '@nestjs/common';
import { Access } from '../../src/access/access.decorator.js';
import { Upstream } from '../../src/edge/upstream.decorator.js';

/** Routes of an application that name an upstream wrongly. */
@Controller('misnamed')
class MisnamedController {
  @Get('user')
  @Access('AUTHENTICATED')
  @Upstream('usr')
  misspelled(): object {
    return {};
  }

  @Get('orders')
  @Access('AUTHENTICATED')
  @Upstream('orders')
  unknown(): object {
    return {};
  }
}

@Module({ controllers: [MisnamedController] })
export class MisnamedUpstreamModule {}
