import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../../access/access.decorator.js';
import { GatewayError } from '../../domain/errors.js';
import { OpenApiBytes } from './openapi-document.js';
import { REFERENCE_FILES, ReferencePage } from './reference-page.js';

const KEPT_FOR_GOOD = { 'cache-control': 'public, max-age=31536000, immutable' };

/** The API reference for people. All its files come from this origin. */
@Controller('docs')
export class ReferenceController {
  constructor(@Inject(ReferencePage) private readonly reference: ReferencePage) {}

  @Get()
  @Access('OPEN')
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.reference.page.send(request, reply);
  }

  /** Each file has its own route, so that the path of a request is never used as a file path. */
  @Get([...REFERENCE_FILES])
  @Access('OPEN')
  file(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const file = this.reference.file(request.routeOptions.url?.split('/').at(-1) ?? '');
    if (file === undefined) throw new GatewayError('ROUTE_NOT_FOUND', 'No route has this path.');
    const isNamedByContent = request.rawQuery === `v=${file.etag.slice(1, -1)}`;
    file.send(request, reply, isNamedByContent ? KEPT_FOR_GOOD : {});
  }
}

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
