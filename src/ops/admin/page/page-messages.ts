/** Commands of the live page. */
export type PageCommand = 'page-snapshot';
