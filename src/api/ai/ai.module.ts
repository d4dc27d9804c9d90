import { Module } from '@nestjs/common';
import { registerUpstream } from '../../grpc/upstream.module.js';
import { AiController } from './ai.controller.js';

/** AIService: its client and its REST routes. */
@Module({ imports: [registerUpstream('ai')], controllers: [AiController] })
export class AiModule {}
