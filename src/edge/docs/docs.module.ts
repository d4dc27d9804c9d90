import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { VERSION } from '../../version.js';
import { OpenApiBytes } from './openapi-document.js';
import { OpenApiController, ReferenceController } from './reference.controller.js';
import { PagesController } from './pages.controller.js';
import { ReferencePage } from './reference-page.js';

/**
 * The API reference: the OpenAPI document, the reference page, and the error page that problems link to. GATEWAY_DOCS
 * disables the first two.
 */
@Module({})
export class DocsModule {
  static create({ server }: GatewayConfig): DynamicModule {
    if (!server.docs) return { module: DocsModule, controllers: [PagesController] };
    return {
      module: DocsModule,
      imports: [DiscoveryModule],
      controllers: [PagesController, OpenApiController, ReferenceController],
      providers: [
        {
          provide: ReferencePage,
          useFactory: () => new ReferencePage(`api-gateway ${VERSION} – API reference`, server.basePath),
        },
        OpenApiBytes,
      ],
    };
  }
}
