import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { journal } from './journal.js';

/** Lets in staff alone: whoever says so. */
@Injectable()
export class StaffGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    journal.push('StaffGuard');
    return context.switchToHttp().getRequest<FastifyRequest>().headers['x-staff'] === 'yes';
  }
}
