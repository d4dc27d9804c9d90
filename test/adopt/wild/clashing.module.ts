import { All, Controller, Get, Module } from '@nestjs/common';
import { Access } from '../../../src/access/access.decorator.js';

abstract class BaseController {
  @Get('users/:id')
  @Access('OPEN')
  user(): string {
    return 'user';
  }
}

@Controller('api/v1')
class ClashingController extends BaseController {
  @All('tenants')
  @Access('OPEN')
  tenants(): string {
    return 'tenants';
  }

  @Get('*rest')
  @Access('OPEN')
  rest(): string {
    return 'rest';
  }
}

/** An ordinary controller whose routes, one of them inherited, would take requests of generated ones. */
@Module({ controllers: [ClashingController] })
export class ClashingModule {}
