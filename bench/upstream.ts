import { createUpstream } from './upstream/server.js';

/** Listens on PORT until it is stopped; prints nothing. */
createUpstream().listen(Number(process.env['PORT']), '127.0.0.1');
