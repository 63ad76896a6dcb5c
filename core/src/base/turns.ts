/**
 * Bound when this module is loaded. The fake timers of test runners replace the global functions later (Jest 30.5.2 also `queueMicrotask`),
 * and time that stands still must not stop a publish.
 */
const { queueMicrotask: atEndOfTask, setImmediate: atNextTurn } = globalThis;

/** Calls `run` when the running code has ended, before anything else of the event loop. */
export function afterThis(run: () => void): void {
  atEndOfTask(run);
}

/** Calls `run` in the next turn of the event loop. */
export function inNextTurn(run: () => void): void {
  atNextTurn(run);
}
