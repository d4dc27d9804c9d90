import type { DescService } from '@bufbuild/protobuf';
import { readService } from './route-table.js';

/** Lists the headers of backends that the policies of some services pass to clients, each once. */
export function passedHeaderNames(services: Iterable<DescService>): readonly string[] {
  const routes = [...services].flatMap((service) => readService(service).routes);
  return [...new Set(routes.flatMap(({ method }) => method.policy.responseHeaders ?? []))].toSorted();
}
