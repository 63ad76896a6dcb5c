/** Whether a value has a `then` method. Its class does not matter: test runners and `vm` have another `Promise`. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** `isPromiseLike` for a value or a promise of it. */
export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return isPromiseLike(value);
}
