import { Module } from '@nestjs/common';
import { MeController } from './me.controller.js';

/** `GET /api/v1/me`. */
@Module({ controllers: [MeController] })
export class MeModule {}
