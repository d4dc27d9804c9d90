import type { FastifyInstance } from 'fastify';
import type { TestGateway } from '../support/gateway.js';

/** One route as the HTTP router holds it. */
export interface ServedRoute {
  readonly method: string;
  /** In the router's syntax: `/api/v1/users/:user_id`. */
  readonly path: string;
}

const LINE = /^((?:│ {3}| {4})*)(?:├── |└── )(.*?) \(([A-Z, ]+)\)$/;

/** All routes of a running gateway, read from the router itself and not from what was meant to be mounted. */
export function servedRoutes({ gateway }: TestGateway): ServedRoute[] {
  const fastify = gateway.app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const parents: string[] = [];
  const lines = fastify.printRoutes({ commonPrefix: false }).split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    const [, indent, part, methods] = LINE.exec(line) ?? [];
    if (indent === undefined || part === undefined || methods === undefined) throw new Error(`unreadable: ${line}`);
    const depth = indent.length / 4;
    const path = (depth === 0 ? '' : (parents[depth - 1] ?? '')) + part;
    parents[depth] = path;
    return methods.split(', ').map((method) => ({ method, path }));
  });
}
