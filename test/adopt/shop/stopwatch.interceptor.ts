import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { tap, type Observable } from 'rxjs';
import { journal } from './journal.js';

/** Writes down when a handler begins and when it has a value. */
@Injectable()
export class StopwatchInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    journal.push('StopwatchInterceptor begins');
    return next.handle().pipe(tap(() => journal.push('StopwatchInterceptor ends')));
  }
}
