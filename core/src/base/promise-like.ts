/** By what it can do, not by its class: test runners and `vm` have a `Promise` of their own. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** The same of what is either a value or a promise of one. */
export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return isPromiseLike(value);
}
