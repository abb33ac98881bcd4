/**
 * Calls `seen` when an object that inherits from `prototype` is given its property `key` for the first time, which its
 * constructor does: a way to see objects being made where the class itself cannot be replaced. The property becomes the
 * object's own, as it would have without this.
 */
export function onFirstAssignment<T extends object>(prototype: T, key: string, seen: (object: T) => void): void {
  if (Object.hasOwn(prototype, key)) return;
  Object.defineProperty(prototype, key, {
    configurable: true,
    enumerable: false,
    get: () => undefined,
    set(this: T, value: unknown) {
      Object.defineProperty(this, key, { value, configurable: true, enumerable: true, writable: true });
      if (this !== prototype) seen(this);
    },
  });
}
