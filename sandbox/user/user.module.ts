import { Module } from '@nestjs/common';
import { UserController } from './user.controller.js';
import { Users } from './users.js';

/** UserService: the users of each tenant. */
@Module({ controllers: [UserController], providers: [Users] })
export class UserModule {}
