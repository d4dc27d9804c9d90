import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { of, type Observable } from 'rxjs';
import { journal } from './journal.js';

/** Closes the shop to requests with `x-hours: closed`. It reads what only a real execution context has. */
@Injectable()
export class OpeningHoursGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): Observable<boolean> {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    const label = this.reflector.getAllAndOverride<string>('shop:label', [context.getHandler(), context.getClass()]);
    journal.push(`OpeningHoursGuard ${context.getType()} ${context.getClass().name} ${label ?? '-'}`);
    return of(headers['x-hours'] !== 'closed');
  }
}
