import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../../access/access.decorator.js';
import { OpenApiBytes } from './openapi-document.js';

/** The machine-readable reference. */
@Controller('openapi.json')
export class OpenApiController {
  constructor(private readonly document: OpenApiBytes) {}

  @Get()
  @Access('OPEN')
  get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.document.send(request, reply);
  }
}
