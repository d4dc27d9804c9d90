const { GATEWAY_TEST_GRPC_TRANSPORT = 'http2' } = process.env;
if (GATEWAY_TEST_GRPC_TRANSPORT !== 'http2' && GATEWAY_TEST_GRPC_TRANSPORT !== 'grpc-js') {
  throw new Error(`GATEWAY_TEST_GRPC_TRANSPORT is "${GATEWAY_TEST_GRPC_TRANSPORT}": write http2 or grpc-js`);
}

/** Transport of gateways under test, unless a test sets it (`npm run test:grpc-js`). */
export const TESTED_TRANSPORT = GATEWAY_TEST_GRPC_TRANSPORT;
