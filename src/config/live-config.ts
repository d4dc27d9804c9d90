import type { GatewayConfig } from './gateway-config.js';

/** Holds the current settings, which a reload replaces as a whole. */
export class LiveConfig {
  /**
   * View of the current settings. Code that keeps this object, or one of its groups, and reads a setting when it needs it
   * sees the latest value. A setting that is read once at boot needs a restart.
   */
  readonly view: GatewayConfig;

  constructor(private settings: GatewayConfig) {
    this.view = viewOf(settings, () => this.settings, GROUPS);
  }

  get current(): GatewayConfig {
    return this.settings;
  }

  /** Replaces the settings. Groups that are undefined before or after stay as they were at boot. */
  replace(settings: GatewayConfig): void {
    this.settings = settings;
  }
}

/** Depth of the objects with a getter per member: the groups, and the settings in them. */
const GROUPS = 2;

function viewOf<T extends object>(shape: T, read: () => T, levels: number): T {
  const members = Object.keys(shape) as (keyof T)[];
  const properties = members.map((member) => {
    const value = shape[member];
    const group = levels > 1 && isGroup(value) ? viewOf(value, () => read()[member] as typeof value, 1) : undefined;
    return [member, { enumerable: true, get: group === undefined ? () => read()[member] : () => group }];
  });
  return Object.freeze(Object.defineProperties({}, Object.fromEntries(properties) as PropertyDescriptorMap)) as T;
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
