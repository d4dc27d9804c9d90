import type { FastifyReply, FastifyRequest } from 'fastify';
import { LruMap } from '../../traffic/lru-map.js';
import type { StaticContent } from './static-content.js';

/**
 * Maximum number of cached path prefixes. Proxies remove only a few different ones; content for others is rendered each
 * time.
 */
const MAX_KNOWN = 16;

/** Content whose links begin with the path that the client calls, rendered once per path prefix. */
export class ContentByBase {
  private readonly own: StaticContent;
  private readonly others = new LruMap<string, StaticContent>(MAX_KNOWN);

  /** @param basePath that of the settings: `/edge`, or empty. */
  constructor(
    private readonly basePath: string,
    private readonly render: (basePath: string) => StaticContent,
  ) {
    this.own = render(basePath);
  }

  send(request: FastifyRequest, reply: FastifyReply): void {
    this.of(request.call.basePath).send(request, reply);
  }

  private of(basePath: string): StaticContent {
    if (basePath === this.basePath) return this.own;
    let content = this.others.get(basePath);
    if (content === undefined) this.others.set(basePath, (content = this.render(basePath)));
    return content;
  }
}
