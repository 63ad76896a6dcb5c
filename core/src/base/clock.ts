/** A timer of a `Clock`. Only that clock knows what it is. */
export type TimerHandle = unknown;

/**
 * The only source of time in core and in our adapters, so that tests can control it. Client libraries, and brokers outside this
 * process, use their own time.
 */
export interface Clock {
  /** Unix time in ms, possibly with a fraction. It can jump when the system's clock is set. */
  now(): number;
  /** The ms since a fixed moment, possibly with a fraction. For durations: it does not change when the system's clock is set. */
  monotonicNow(): number;
  /** Calls `callback` once, after at least `delayMs` ms. A pending timer keeps the process alive only with `keepAlive`; default false. */
  setTimer(callback: () => void, delayMs: number, keepAlive?: boolean): TimerHandle;
  /** Stops a timer. Does nothing for a timer that has fired, and for `undefined`. */
  clearTimer(handle: TimerHandle): void;
}

/** Node stores delays in a 32-bit integer, and a timer with a longer delay fires at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

interface SystemTimer {
  timeout: NodeJS.Timeout;
}

/** Node counts from the last whole ms, so in a busy process a timer fires up to 1 ms early. Another timer of 2 ms makes up for it. */
const MAKE_UP_MS = 2;

function arm(timer: SystemTimer, callback: () => void, dueMs: number, keepAlive: boolean): void {
  const start = (next: () => void, delayMs: number): void => {
    timer.timeout = setTimeout(next, delayMs);
    if (!keepAlive) timer.timeout.unref();
  };
  const remainingMs = Math.max(0, Math.ceil(dueMs - performance.now()));
  if (remainingMs > LONGEST_TIMEOUT_MS) {
    start(() => arm(timer, callback, dueMs, keepAlive), LONGEST_TIMEOUT_MS);
    return;
  }
  // Only once: it fires, too, where a test lets `performance.now` stand still.
  start(() => (performance.now() < dueMs ? start(callback, MAKE_UP_MS) : callback()), remainingMs);
}

const ownSystemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonicNow: () => performance.now(),
  setTimer(callback: () => void, delayMs: number, keepAlive = false): TimerHandle {
    const timer = {} as SystemTimer;
    arm(timer, callback, performance.now() + delayMs, keepAlive);
    return timer;
  },
  clearTimer(handle: TimerHandle): void {
    clearTimeout((handle as SystemTimer | undefined)?.timeout);
  },
});

const SYSTEM_CLOCK = Symbol.for("anytopic.system-clock");
const shared = globalThis as { [SYSTEM_CLOCK]?: Clock };

/** The real time. One object for all copies of this package in a process, because connections that share a memory broker must share its clock. */
export const systemClock: Clock = (shared[SYSTEM_CLOCK] ??= ownSystemClock);
