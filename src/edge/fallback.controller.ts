import { All, Controller } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { routeNotFound } from './route-not-found.js';

/**
 * Handles requests that no other route takes: templates that the HTTP router cannot express, which have pipelines, and
 * unknown paths.
 */
@Controller()
export class FallbackController {
  @All('*')
  @RouteConfig({ fallback: true })
  handle(): never {
    throw routeNotFound();
  }
}
