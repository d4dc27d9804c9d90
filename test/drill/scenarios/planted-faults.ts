/** Arguments of node with which faults can be planted in a gateway: see test/support/planted.ts. */
export const PLANTED = ['--expose-gc', '--import', '@oxc-node/core/register', '--import', './test/support/planted.ts'];
