/** Injection token of the names of all headers of backends that policies pass to clients, in lower case. */
export const PASSED_HEADERS = Symbol('PASSED_HEADERS');
