/** Token of the names of all headers of backends that policies let through, in lower case: connections are told once. */
export const PASSED_HEADERS = Symbol('PASSED_HEADERS');
