/** Where the servers behind the fault proxies listen, so that nobody gets past a fault. */
export const LOOPBACK = '127.0.0.1';
