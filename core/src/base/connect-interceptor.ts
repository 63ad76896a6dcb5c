/**
 * Takes the place of `connect`: gets its arguments, and returns a promise of the `PubSub`. `undefined` means that `connect` does its work
 * itself. Typed loosely, because this is below all that `connect` uses.
 */
export type ConnectInterceptor = (target: unknown, options: object) => Promise<unknown> | undefined;

const INTERCEPTOR = Symbol.for("anytopic.connect-interceptor");
/** One for all copies of this package: a test kit must reach the copy that the application uses. */
const shared = globalThis as { [INTERCEPTOR]?: ConnectInterceptor | undefined };

/**
 * From now on every `connect` of this process asks `interceptor` first; with `undefined` none. Returns what was there before. For test
 * kits, which run a program that calls `connect` by itself.
 */
export function interceptConnect(interceptor: ConnectInterceptor | undefined): ConnectInterceptor | undefined {
  const before = shared[INTERCEPTOR];
  shared[INTERCEPTOR] = interceptor;
  return before;
}

/** The promise of an interceptor, or `undefined` when `connect` does its work itself. */
export function interceptedConnect(target: unknown, options: object): Promise<unknown> | undefined {
  return shared[INTERCEPTOR]?.(target, options);
}
