import { Module } from '@nestjs/common';
import { registerUpstream } from '../../grpc/upstream.module.js';
import { UserController } from './user.controller.js';

/** UserService: its client and its REST routes. */
@Module({ imports: [registerUpstream('user')], controllers: [UserController] })
export class UserModule {}
