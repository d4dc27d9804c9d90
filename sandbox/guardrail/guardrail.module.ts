import { Module } from '@nestjs/common';
import { GuardrailController } from './guardrail.controller.js';

/** A guardrail: allows everything but the word that its fault switch names. */
@Module({ controllers: [GuardrailController] })
export class GuardrailModule {}
