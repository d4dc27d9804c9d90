import type * as grpc from '@grpc/grpc-js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

type Unary = (request: object, callback: (error: grpc.ServiceError | null, reply: object) => void) => void;
type UserClient = grpc.Client & Record<'getUser' | 'listUsers' | 'createUser', Unary>;

async function requireToken(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.headers.authorization === undefined) await reply.code(401).send({ message: 'Unauthorized' });
}

/** REST routes of UserService by hand: a promise around each call, an object in, an object out. */
export function userRoutes(app: FastifyInstance, client: grpc.Client): void {
  const users = client as UserClient;
  const call = (method: 'getUser' | 'listUsers' | 'createUser', request: object) =>
    new Promise<object>((resolve, reject) => {
      users[method](request, (error, reply) => (error ? reject(error) : resolve(reply)));
    });

  app.get<{ Querystring: { pageSize: string; pageToken?: string } }>('/api/v1/users', ({ query }) =>
    call('listUsers', { pageSize: Number(query.pageSize), pageToken: query.pageToken }),
  );
  app.get<{ Params: { userId: string } }>('/api/v1/users/:userId', ({ params }) => call('getUser', params));
  app.post('/api/v1/users', (request, reply) => {
    reply.code(201);
    return call('createUser', request.body as object);
  });
  app.get<{ Params: { userId: string } }>('/guarded/users/:userId', { onRequest: requireToken }, ({ params }) =>
    call('getUser', params),
  );
}
