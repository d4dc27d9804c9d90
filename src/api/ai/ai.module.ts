import { Module } from '@nestjs/common';
import { AiController } from './ai.controller.js';

/** AIService: its REST routes. */
@Module({ controllers: [AiController] })
export class AiModule {}
