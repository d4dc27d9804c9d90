import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { map, of, throwError, type Observable } from 'rxjs';
import { journal } from './journal.js';
import { OutOfStock } from './out-of-stock.filter.js';

/** Puts the body of a response into an envelope; `x-stock` has it answer itself or fail. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    journal.push('EnvelopeInterceptor');
    if (headers['x-stock'] === 'none') return throwError(() => new OutOfStock());
    if (headers['x-stock'] === 'known') return of({ known: true });
    return next
      .handle()
      .pipe(map((response: { body: Buffer }) => ({ data: JSON.parse(response.body.toString()) as unknown })));
  }
}
