/** What ran, in the order in which it did. */
export const journal: string[] = [];
