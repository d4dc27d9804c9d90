import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { provideClientGrpc } from '../../../src/edge/client/client-grpc.provider.js';
import { TenantService } from '../../../src/gen/tenant/v1/tenant_pb.js';
import { OpeningHoursGuard } from './opening-hours.guard.js';
import { OutOfStockFilter } from './out-of-stock.filter.js';
import { ShelvesController } from './shelves.controller.js';
import { StopwatchInterceptor } from './stopwatch.interceptor.js';
import { ShopUserController } from './user.controller.js';

/** A module that a team adds to the gateway with GATEWAY_MODULES. */
@Module({
  controllers: [ShopUserController, ShelvesController],
  providers: [
    provideClientGrpc('TENANTS', TenantService),
    { provide: APP_GUARD, useClass: OpeningHoursGuard },
    { provide: APP_INTERCEPTOR, useClass: StopwatchInterceptor },
    { provide: APP_FILTER, useClass: OutOfStockFilter },
  ],
})
export class ShopModule {}
