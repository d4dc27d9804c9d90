import { Module } from '@nestjs/common';
import { Members } from './members.js';
import { TenantController } from './tenant.controller.js';
import { Tenants } from './tenants.js';
import { Usage } from './usage.js';

/** TenantService: tenants, their members, settings, plans and usage. */
@Module({ controllers: [TenantController], providers: [Tenants, Members, Usage] })
export class TenantModule {}
