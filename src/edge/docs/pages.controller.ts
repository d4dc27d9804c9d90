import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { Access } from '../../access/access.decorator.js';
import { ContentByBase } from './content-by-base.js';
import { errorsPage } from './errors-page.js';
import { HOME_SCRIPT, homePage, homeScript } from './home-page.js';

/** Pages that are served whatever the settings say: problems link to one of them. */
@Controller()
export class PagesController {
  private readonly homePage: ContentByBase;
  private readonly homeScript = homeScript();
  private readonly errorsPage = errorsPage();

  constructor(@Inject(GATEWAY_CONFIG) config: GatewayConfig) {
    const { docs, publicUrl, basePath } = config.server;
    const features = { reference: docs, providers: [...config.sso.providers.keys()], publicUrl };
    this.homePage = new ContentByBase(basePath, (base) => homePage({ ...features, basePath: base }));
  }

  @Get()
  @Access('OPEN')
  home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.homePage.send(request, reply);
  }

  @Get(HOME_SCRIPT)
  @Access('OPEN')
  script(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.homeScript.send(request, reply);
  }

  @Get('docs/errors')
  @Access('OPEN')
  errors(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.errorsPage.send(request, reply);
  }
}
