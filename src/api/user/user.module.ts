import { Module } from '@nestjs/common';
import { UserController } from './user.controller.js';

/** UserService: its REST routes. */
@Module({ controllers: [UserController] })
export class UserModule {}
