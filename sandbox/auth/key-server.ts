import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallLog } from '../backend/call-log.js';
import { type HttpServer, startHttpServer } from '../backend/http-server.js';
import { LOOPBACK } from '../backend/loopback.js';
import type { Fault } from '../faults/fault.js';
import type { SigningKeys } from './signing-keys.js';

/** AuthService's keys over HTTP: `GET /jwks.json`. Each fetch is in the call log as a call of `jwks`. */
export function startKeyServer(keys: SigningKeys, calls: CallLog, fault: () => Fault): Promise<HttpServer> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const { mode, skewMs } = fault();
    if (mode === 'skew') response.setHeader('date', new Date(Date.now() + skewMs).toUTCString());
    answer(keys, calls, request, response);
  };
  return startHttpServer(listener, LOOPBACK, 0);
}

function answer(keys: SigningKeys, calls: CallLog, request: IncomingMessage, response: ServerResponse): void {
  const found = request.method === 'GET' && request.url === '/jwks.json';
  calls.add({
    upstream: 'jwks',
    method: `${request.method} ${request.url}`,
    metadata: Object.fromEntries(Object.entries(request.headersDistinct).map(([key, values]) => [key, values ?? []])),
    at: new Date().toISOString(),
    deadlineMs: null,
    messages: 1,
    outcome: found ? 'OK' : 'NOT_FOUND',
    cancelled: false,
  });
  const body = found ? keys.jwks() : { error: 'only GET /jwks.json is served here' };
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
