import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { Comments } from '../../contract/comments.js';
import { Contract } from '../../contract/contract.js';
import { buildOpenApi, type OpenApiDocument } from '../../contract/openapi/document.js';
import { addExtraOperations } from '../../contract/openapi/extra-operations.js';
import { VERSION } from '../../version.js';
import { ownOperations } from './own-operations.js';
import { StaticContent } from './static-content.js';

/** Injection token of the comments of all mounted contracts. */
export const COMMENTS = Symbol('Comments');

/** Tag of the operations that the gateway answers itself. */
export const OWN_TAG = 'Gateway';

/** The OpenAPI document of what this gateway has mounted, built once and served as bytes. */
@Injectable()
export class OpenApiBytes {
  private readonly content: StaticContent;

  constructor(
    contract: Contract,
    discovery: DiscoveryService,
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(COMMENTS) comments: Comments,
  ) {
    const routes = contract.routes.map(({ route }) => route);
    const { json: settings, server } = config;
    const serverUrl = server.publicUrl === undefined ? {} : { serverUrl: server.publicUrl };
    const document = buildOpenApi({
      routes,
      comments,
      version: VERSION,
      emitDefaults: settings.emitDefaults,
      ...serverUrl,
    });
    const json = JSON.stringify(withOwnOperations(document, discovery));
    this.content = new StaticContent(json, { 'content-type': 'application/json; charset=utf-8' });
  }

  send(request: FastifyRequest, reply: FastifyReply): void {
    this.content.send(request, reply);
  }
}

function withOwnOperations(document: OpenApiDocument, discovery: DiscoveryService): OpenApiDocument {
  const controllers = discovery
    .getControllers()
    .flatMap(({ metatype }) => (typeof metatype === 'function' ? [metatype] : []));
  const extras = controllers.flatMap((controller) => ownOperations(controller as never));
  const tag = { name: OWN_TAG, description: 'What the gateway answers itself.' };
  return addExtraOperations({ ...document, tags: [...(document.tags as []), tag] }, extras);
}
