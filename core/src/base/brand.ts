/**
 * Marks of the classes whose instances programs throw and compare. A process may contain several copies of this package, in several
 * versions. A class of one copy is unknown to `instanceof` in another, but a symbol of the global registry is the same in all.
 */
export const ERROR_BRAND: symbol = Symbol.for("anytopic.error");
export const REJECT_BRAND: symbol = Symbol.for("anytopic.reject");
export const RETRY_AFTER_BRAND: symbol = Symbol.for("anytopic.retry-after");

/** Marks all instances of a class. The mark is not printed and not copied with an instance. */
export function mark(owner: { readonly prototype: object }, brand: symbol): void {
  Object.defineProperty(owner.prototype, brand, { value: true });
}

/** Whether a value has a mark. The value may be anything, also one that throws when it is read. */
export function isBranded(brand: symbol, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  try {
    return brand in value;
  } catch {
    return false;
  }
}

/**
 * `instanceof` for a marked class: true for objects with its mark, of any copy of this package. For a subclass, which has no mark of
 * its own, it works as usual.
 */
export function isInstance(owner: object, asked: object, brand: symbol, value: unknown): boolean {
  if (asked === owner) return isBranded(brand, value);
  return Function.prototype[Symbol.hasInstance].call(asked, value);
}
