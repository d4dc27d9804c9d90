import { Body, Controller, Get, Inject, Param, Post, Query, UseGuards, type OnModuleInit } from '@nestjs/common';
import type { ClientGrpc } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import { TokenGuard } from './token.guard.js';

interface User {
  id: string;
}

interface UserService {
  getUser(request: { userId: string }): Observable<User>;
  listUsers(request: { pageSize: number; pageToken: string | undefined }): Observable<{ users: User[] }>;
  createUser(request: object): Observable<User>;
}

@Controller()
export class UserController implements OnModuleInit {
  private userService!: UserService;

  constructor(@Inject('USER_PACKAGE') private readonly client: ClientGrpc) {}

  onModuleInit(): void {
    this.userService = this.client.getService<UserService>('UserService');
  }

  @Get('api/v1/users')
  listUsers(@Query('pageSize') pageSize: string, @Query('pageToken') pageToken?: string): Observable<object> {
    return this.userService.listUsers({ pageSize: Number(pageSize), pageToken });
  }

  @Get('api/v1/users/:userId')
  getUser(@Param('userId') userId: string): Observable<User> {
    return this.userService.getUser({ userId });
  }

  @Post('api/v1/users')
  createUser(@Body() body: object): Observable<User> {
    return this.userService.createUser(body);
  }

  /** Only here a guard runs, so that the other routes do not pay for it. */
  @UseGuards(TokenGuard)
  @Get('guarded/users/:userId')
  getUserGuarded(@Param('userId') userId: string): Observable<User> {
    return this.userService.getUser({ userId });
  }
}
