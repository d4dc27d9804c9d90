const { GATEWAY_TEST_GRPC_TRANSPORT = 'http2' } = process.env;
if (GATEWAY_TEST_GRPC_TRANSPORT !== 'http2' && GATEWAY_TEST_GRPC_TRANSPORT !== 'grpc-js') {
  throw new Error(`GATEWAY_TEST_GRPC_TRANSPORT is "${GATEWAY_TEST_GRPC_TRANSPORT}": write http2 or grpc-js`);
}

/** What carries the calls of gateways under test, unless a test says it (`npm run test:grpc-js`). */
export const TESTED_TRANSPORT = GATEWAY_TEST_GRPC_TRANSPORT;
