/** Exports of `api-gateway/testing`: backends, tokens and a gateway for the tests of an application. */
export { issueToken, type TokenIssuer, type TokenSubject } from './issue-token.js';
export type { Mock, MockOptions } from './mock/mock-server.js';
export { startMock } from './start-mock.js';
export { type StartedGateway, startGateway } from './start-gateway.js';
