import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { isStreamed } from './response.js';
import { sendResult } from './rpc-handler.js';

/** Nest's adapter, which sends the results of generated routes that Nest's router context serves as a pipeline does. */
export class GatewayAdapter extends FastifyAdapter {
  override reply(reply: FastifyReply, body: unknown, statusCode?: number): FastifyReply {
    const { request } = reply;
    if (request?.rpc === undefined || isStreamed(body)) return super.reply(reply, body, statusCode) as FastifyReply;
    sendResult(body, request, reply);
    return reply;
  }
}
