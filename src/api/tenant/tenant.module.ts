import { Module } from '@nestjs/common';
import { registerUpstream } from '../../grpc/upstream.module.js';
import { TenantController } from './tenant.controller.js';

/** TenantService: its client and its REST routes. */
@Module({ imports: [registerUpstream('tenant')], controllers: [TenantController] })
export class TenantModule {}
