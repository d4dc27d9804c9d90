import { Module } from '@nestjs/common';
import { AuthController } from './auth.controller.js';

/** AuthService: its REST routes. */
@Module({ controllers: [AuthController] })
export class AuthModule {}
