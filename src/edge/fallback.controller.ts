import { All, Controller, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RpcHandler } from './rpc-handler.js';

/** Takes what no other route does: templates that the HTTP router cannot hold, and paths that are nobody's. */
@Controller()
export class FallbackController {
  constructor(private readonly handler: RpcHandler) {}

  @All('*')
  @RouteConfig({ fallback: true })
  handle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.handler.handle(request, reply);
  }
}
