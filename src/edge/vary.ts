import type { FastifyReply } from 'fastify';

/** Adds names to the Vary header of a response (RFC 9110 12.5.5), each once. */
export function addVary(reply: FastifyReply, names: string): void {
  const before = reply.getHeader('vary') as string | undefined;
  if (before === undefined || before === '') return void reply.header('vary', names);
  const known = before.split(', ');
  const added = names.split(', ').filter((name) => !known.includes(name));
  if (added.length > 0) void reply.header('vary', [...known, ...added].join(', '));
}
