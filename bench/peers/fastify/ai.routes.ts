import type * as grpc from '@grpc/grpc-js';
import type { FastifyInstance } from 'fastify';
import { Readable } from 'node:stream';

type AiClient = grpc.Client & { streamQuery(request: object): grpc.ClientReadableStream<object> };

async function* events(call: grpc.ClientReadableStream<object>): AsyncGenerator<string> {
  for await (const message of call) yield `data: ${JSON.stringify(message)}\n\n`;
}

/** The answer of AIService as server-sent events, by hand. */
export function aiRoutes(app: FastifyInstance, client: grpc.Client): void {
  const ai = client as AiClient;
  app.post('/api/v1/ai::stream', (request, reply) => {
    const call = ai.streamQuery(request.body as object);
    return reply.type('text/event-stream').send(Readable.from(events(call)));
  });
}
