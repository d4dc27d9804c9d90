import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../../access/access.decorator.js';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { ERROR_GUIDE, FAILURE_DOMAIN_GUIDE } from '../../domain/error-guide.js';
import { ERROR_CODES, type GatewayErrorCode } from '../../domain/errors.js';
import { ContentByBase } from './content-by-base.js';
import { HOME_SCRIPT, homePage, homeScript } from './home-page.js';
import { htmlPage, markUp } from './html.js';
import type { StaticContent } from './static-content.js';

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

/** Returns the page that `type` of every problem links to: one anchor per code. */
function errorsPage(): StaticContent {
  const codes = Object.keys(ERROR_CODES) as GatewayErrorCode[];
  return htmlPage('Errors – api-gateway', [
    '<h1>Errors</h1>',
    `<p>${markUp('Every error is answered as `application/problem+json` (RFC 9457). Its `code` is one of those below and does not change; its `detail` is for people. Name the `request_id` when you ask for help.')}</p>`,
    ...domains(),
    '<nav aria-label="Codes">',
    `<p>${codes.map((code) => `<a href="#${code}">${code}</a>`).join(' · ')}</p>`,
    '</nav>',
    ...codes.flatMap(section),
  ]);
}

function domains(): string[] {
  const rows = Object.entries(FAILURE_DOMAIN_GUIDE);
  return [
    '<table>',
    `<thead><tr><th scope="col">${markUp('`failure_domain`')}</th><th scope="col">At fault</th></tr></thead>`,
    '<tbody>',
    ...rows.map(([domain, blame]) => `<tr><th scope="row"><code>${domain}</code></th><td>${markUp(blame)}</td></tr>`),
    '</tbody>',
    '</table>',
  ];
}

function section(code: GatewayErrorCode): string[] {
  const { status, domain, title } = ERROR_CODES[code];
  const { meaning, action } = ERROR_GUIDE[code];
  return [
    `<section aria-labelledby="${code}">`,
    `<h2 id="${code}"><a href="#${code}">${code}</a></h2>`,
    `<p>${status} ${markUp(title)} · failure domain <code>${domain}</code></p>`,
    `<p>${markUp(meaning)}</p>`,
    `<p><strong>What to do</strong>: ${markUp(action)}</p>`,
    '</section>',
  ];
}
