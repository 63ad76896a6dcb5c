/** Timers that are set and have not fired, and how many were set since the process began. */
export interface TimerCount {
  readonly pending: number;
  readonly set: number;
}

const pending = new Set<unknown>();
let made = 0;
const { setTimeout: setNative, clearTimeout: clearNative } = globalThis;

/** Counts the timers of this process from now on: to be called before anything else is imported. Node tells only those that keep the process alive. */
export function watchTimers(): void {
  const set = (callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): NodeJS.Timeout => {
    made += 1;
    const timer = setNative(() => {
      pending.delete(timer);
      callback(...args);
    }, delayMs);
    pending.add(timer);
    return timer;
  };
  globalThis.setTimeout = set as typeof globalThis.setTimeout;
  globalThis.clearTimeout = ((timer: NodeJS.Timeout) => {
    pending.delete(timer);
    clearNative(timer);
  }) as typeof globalThis.clearTimeout;
}

export function countTimers(): TimerCount {
  return { pending: pending.size, set: made };
}
