import { Module } from '@nestjs/common';
import { UserController } from './user.controller.js';
import { Users } from './users.js';

/** UserService: users, a tenant at a time. */
@Module({ controllers: [UserController], providers: [Users] })
export class UserModule {}
