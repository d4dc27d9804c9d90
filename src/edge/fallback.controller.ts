import { All, Controller } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { routeNotFound } from './route-not-found.js';

/** Takes what no other route does: templates that the HTTP router cannot hold, which have pipelines, and paths that are nobody's. */
@Controller()
export class FallbackController {
  @All('*')
  @RouteConfig({ fallback: true })
  handle(): never {
    throw routeNotFound();
  }
}
