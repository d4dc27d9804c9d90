import { Module } from '@nestjs/common';
import { AIController } from './ai.controller.js';
import { Plans } from './plans.js';

/** AIService: answers, after a plan where it matters. */
@Module({ controllers: [AIController], providers: [Plans] })
export class AIModule {}
