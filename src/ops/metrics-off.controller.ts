import { Controller, Get } from '@nestjs/common';
import { Access } from '../access/access.decorator.js';
import { GatewayError } from '../domain/errors.js';

/** Explains why there are no metrics, for people who set up a scrape without knowing the settings. */
@Controller()
export class MetricsOffController {
  @Get('/metrics')
  @Access('OPEN')
  index(): never {
    throw new GatewayError('ROUTE_NOT_FOUND', 'Metrics are switched off: ENABLE_METRICS is false.');
  }
}
