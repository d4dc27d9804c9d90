/** Names of the enhancers that ran, in order. */
export const journal: string[] = [];
