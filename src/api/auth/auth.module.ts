import { Module } from '@nestjs/common';
import { registerUpstream } from '../../grpc/upstream.module.js';
import { AuthController } from './auth.controller.js';

/** AuthService: its client and its REST routes. */
@Module({ imports: [registerUpstream('auth')], controllers: [AuthController] })
export class AuthModule {}
