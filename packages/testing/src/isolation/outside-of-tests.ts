import { AsyncLocalStorage } from "node:async_hooks";

const outside = new AsyncLocalStorage<true>();

/** Runs `run` so that its `connect` is the real one. */
export function outsideOfTests<Result>(run: () => Result): Result {
  return outside.run(true, run);
}

export function isOutsideOfTests(): boolean {
  return outside.getStore() === true;
}
