/**
 * Marks of the classes that programs throw and compare. A process may hold several copies of this package, one per
 * version that something depends on, and a class of one copy is a stranger to `instanceof` in another. A mark from the
 * registry of symbols is the same in all of them.
 */
export const ERROR_BRAND: symbol = Symbol.for("anytopic.error");
export const REJECT_BRAND: symbol = Symbol.for("anytopic.reject");
export const RETRY_AFTER_BRAND: symbol = Symbol.for("anytopic.retry-after");

/** Marks the objects of a class, unseen by those who print or copy them. */
export function mark(owner: { readonly prototype: object }, brand: symbol): void {
  Object.defineProperty(owner.prototype, brand, { value: true });
}

/** Whether a value, which may be anything and may throw when it is looked at, has a mark. */
export function isBranded(brand: symbol, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  try {
    return brand in value;
  } catch {
    return false;
  }
}

/**
 * What `instanceof` answers for a marked class: objects with its mark, from whatever copy of this package. Its subclasses,
 * which have no mark of their own, are asked as every class is.
 */
export function isInstance(owner: object, asked: object, brand: symbol, value: unknown): boolean {
  if (asked === owner) return isBranded(brand, value);
  return Function.prototype[Symbol.hasInstance].call(asked, value);
}
