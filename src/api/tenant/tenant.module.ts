import { Module } from '@nestjs/common';
import { TenantController } from './tenant.controller.js';

/** TenantService: its REST routes. */
@Module({ controllers: [TenantController] })
export class TenantModule {}
