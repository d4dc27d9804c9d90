import { createUpstream } from './upstream/server.js';

/** Listens on PORT and says nothing; it lives until it is stopped. */
createUpstream().listen(Number(process.env['PORT']), '127.0.0.1');
