import { Module } from '@nestjs/common';
import { Accounts } from './accounts.js';
import { AuthController } from './auth.controller.js';
import { Credentials } from './credentials.js';
import { RefreshSessions } from './refresh-sessions.js';

/** AuthService: sign-in, tokens, and answers about credentials and permissions. */
@Module({ controllers: [AuthController], providers: [Accounts, Credentials, RefreshSessions] })
export class AuthModule {}
