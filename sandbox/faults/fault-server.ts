import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { CallLog } from '../backend/call-log.js';
import { type HttpServer, startHttpServer } from '../backend/http-server.js';
import { type Fault, faultSchema } from './fault.js';
import type { FaultProxy } from './fault-proxy.js';

const MAX_BODY_BYTES = 1_024;

/** Target of the fault switches. */
export interface FaultSwitches {
  readonly proxies: ReadonlyMap<string, FaultProxy>;
  readonly calls: CallLog;
}

/** Upstreams that support faults other than those of connections. */
const BACKENDS = ['auth', 'user', 'tenant', 'ai', 'guardrail'];
const ABLE: Readonly<Partial<Record<Fault['mode'], readonly string[]>>> = {
  block: ['guardrail'],
  fail: BACKENDS,
  drift: BACKENDS,
  skew: ['jwks'],
};

type Reply = readonly [status: number, body: unknown, headers?: Readonly<Record<string, string>>];

/** The fault switches and the call log over HTTP: `/faults`, `/faults/{name}` and `/calls`. */
export function startFaultServer(switches: FaultSwitches, host: string, port: number): Promise<HttpServer> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    reply(switches, request).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, [500, { error: String(error) }]),
    );
  };
  return startHttpServer(listener, host, port);
}

async function reply(switches: FaultSwitches, request: IncomingMessage): Promise<Reply> {
  const [path = ''] = (request.url ?? '').split('?');
  const [, room, name, ...rest] = path.split('/');
  if (rest.length > 0) return notFound();
  if (room === 'calls' && name === undefined) return callsReply(switches.calls, request.method);
  if (room !== 'faults') return notFound();
  if (name === undefined) return listReply(switches, request.method);
  return switchReply(switches, name, request);
}

function callsReply(calls: CallLog, method: string | undefined): Reply {
  if (method === 'GET') return [200, { calls: calls.list() }];
  if (method !== 'DELETE') return notAllowed('GET, DELETE');
  calls.clear();
  return [204, undefined];
}

function listReply({ proxies }: FaultSwitches, method: string | undefined): Reply {
  if (method !== 'GET') return notAllowed('GET');
  return [200, Object.fromEntries([...proxies].map(([name, proxy]) => [name, proxy.fault]))];
}

async function switchReply({ proxies }: FaultSwitches, name: string, request: IncomingMessage): Promise<Reply> {
  const proxy = proxies.get(name);
  if (proxy === undefined) {
    return [404, { error: `there is no "${name}" in this sandbox; known: ${[...proxies.keys()].join(', ')}` }];
  }
  if (request.method !== 'PUT') return notAllowed('PUT');
  const body = await readBody(request);
  if (body === undefined) return [413, { error: `the body must have at most ${MAX_BODY_BYTES} bytes` }];
  const fault = faultSchema.safeParse(parseJson(body));
  if (!fault.success) return [400, { error: explain(fault.error) }];
  const { mode } = fault.data;
  const able = ABLE[mode];
  if (able !== undefined && !able.includes(name))
    return [400, { error: `${mode} is a fault of ${able.join(', ')} only` }];
  return [200, await proxy.set(fault.data)];
}

/** The body, or undefined when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function explain(error: z.ZodError): string {
  return `send JSON such as {"mode":"slow","latencyMs":2000}: ${z.prettifyError(error).replaceAll(/\s*\n\s*/g, ' ')}`;
}

function notFound(): Reply {
  return [404, { error: 'there are GET /faults, PUT /faults/{name}, GET /calls and DELETE /calls' }];
}

function notAllowed(allow: string): Reply {
  return [405, { error: `use ${allow}` }, { allow }];
}

function send(response: ServerResponse, [status, body, headers]: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`);
}
