import { Inject, Injectable, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_COOKIE } from '../../access/cookie-header.js';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { Contract, type ContractVersion } from '../../contract/contract.js';
import type { AcceptedCredentials } from '../../contract/openapi/credentials.js';
import { buildOpenApi, type OpenApiDocument } from '../../contract/openapi/document.js';
import {
  addExtraOperations,
  describedOperation,
  type ExtraOperation,
  OWN_TAG,
} from '../../contract/openapi/extra-operations.js';
import { pruneComponents } from '../../contract/openapi/prune.js';
import type { Route } from '../../contract/route.js';
import { VERSION } from '../../version.js';
import { controllerRoutes } from '../controller-routes.js';
import { ContentByBase } from './content-by-base.js';
import { StaticContent } from './static-content.js';

/** The OpenAPI document of the mounted services, built once per contract version and served as bytes. */
@Injectable()
export class OpenApiBytes {
  private content: ContentByBase;

  constructor(
    contract: Contract,
    private readonly discovery: DiscoveryService,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {
    this.content = this.build(contract);
    contract.follow((next) => {
      const content = this.build(next);
      return () => void (this.content = content);
    });
  }

  send(request: FastifyRequest, reply: FastifyReply): void {
    this.content.send(request, reply);
  }

  private build({ routes, comments, rules }: Pick<ContractVersion, 'routes' | 'comments' | 'rules'>): ContentByBase {
    const { json: settings, server } = this.config;
    const contractRoutes = routes.map(({ route }) => route);
    const document = buildOpenApi({
      routes: contractRoutes,
      comments,
      rules,
      version: VERSION,
      credentials: this.credentials,
      contact: server.docsContact,
      ...settings,
    });
    const whole = this.withOwnOperations(document, contractRoutes);
    return new ContentByBase(server.basePath, (basePath) => {
      const json = JSON.stringify({ ...whole, servers: [{ url: serverUrl(server.publicUrl, basePath) }] });
      return new StaticContent(json, { 'content-type': 'application/json; charset=utf-8' });
    });
  }

  private get credentials(): AcceptedCredentials {
    const { absentUpstreams, sso } = this.config;
    const sessionCookie = sso.providers.size > 0 ? SESSION_COOKIE : undefined;
    return { apiKeys: !absentUpstreams.includes('auth'), sessionCookie };
  }

  private withOwnOperations(document: OpenApiDocument, routes: readonly Route[]): OpenApiDocument {
    const controllers = this.discovery
      .getControllers()
      .flatMap(({ metatype }) => (typeof metatype === 'function' ? [metatype] : []));
    const extras = controllers.flatMap((controller) => ownOperations(controller as never, routes));
    const tag = { name: OWN_TAG, description: 'What the gateway answers itself.' };
    const tagged = { ...document, tags: [...(document.tags as []), tag] };
    return pruneComponents(addExtraOperations(tagged, extras, this.credentials));
  }
}

/** Returns the base URL for clients: the origin of the public URL, if it is known, and the base path. */
function serverUrl(publicUrl: string | undefined, basePath: string): string {
  const origin = publicUrl === undefined ? '' : new URL(publicUrl).origin;
  return origin + basePath || '/';
}

/**
 * Returns the documented operations of a controller, each under the first of its paths.
 * @param routes those of the contracts.
 */
function ownOperations(controller: Type, routes: readonly Route[]): ExtraOperation[] {
  const first = new Map(
    controllerRoutes(controller)
      .toReversed()
      .map((route) => [route.handler, route]),
  );
  return [...first.values()].toReversed().flatMap(({ verb, path, handler, policy }) => {
    const described = describedOperation(handler, routes);
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    return described === undefined ? [] : [{ verb, path: template, access: policy?.access, ...described }];
  });
}
