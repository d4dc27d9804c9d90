import type { Route } from '../route.js';
import type { OperationNames } from './operation.js';

/**
 * Gives each route a unique operationId: `UserService_UpdateUser`, and `UserService_UpdateUser_2` for its second
 * binding.
 */
export class NameGiver {
  private readonly names = new Map<Route, OperationNames>();

  constructor(routes: readonly Route[]) {
    const tags = nameServices(routes);
    const bindings = new Map<string, number>();
    for (const route of routes) {
      const { service, name, path } = route.method;
      const tag = tags.get(service) ?? service;
      const number = (bindings.get(path) ?? 0) + 1;
      bindings.set(path, number);
      const operationId = `${tag.replaceAll('.', '_')}_${name}${number === 1 ? '' : `_${number}`}`;
      this.names.set(route, { operationId, tag });
    }
  }

  name(route: Route): OperationNames {
    const names = this.names.get(route);
    if (names === undefined) throw new Error(`${route.template} is not one of the routes`);
    return names;
  }
}

/** Returns the name of each service: its short name unless two packages have a service of that name. */
function nameServices(routes: readonly Route[]): ReadonlyMap<string, string> {
  const services = [...new Map(routes.map((route) => [route.method.service, route.desc.parent.name]))];
  return new Map(
    services.map(([full, short]) => {
      const isShared = services.some(([otherFull, otherShort]) => otherShort === short && otherFull !== full);
      return [full, isShared ? full : short];
    }),
  );
}
