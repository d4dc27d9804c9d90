/** For `node --import`: runs TypeScript as it is. */
export const REGISTER = '@oxc-node/core/register';
