/** What a `Clock` hands out for a timer; opaque to everybody but that clock. */
export type TimerHandle = unknown;

/**
 * The only source of time in core and in our adapters, so that tests can move it by hand. Client libraries and brokers
 * outside this process keep their own time.
 */
export interface Clock {
  /** Unix time in milliseconds, possibly with a fraction. Goes forward only as far as the system's clock does. */
  now(): number;
  /** Milliseconds since some moment, possibly with a fraction. For what is measured or waited for: setting the system's clock moves it neither way. */
  monotonicNow(): number;
  /** Calls `callback` once after at least `delayMs` milliseconds. A pending timer keeps the process alive if `keepAlive`. */
  setTimer(callback: () => void, delayMs: number, keepAlive?: boolean): TimerHandle;
  /** Stops a timer that has not fired; anything else is a no-op. */
  clearTimer(handle: TimerHandle): void;
}

/** Node keeps delays in a 32-bit integer and fires at once when they do not fit. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

interface SystemTimer {
  timeout: NodeJS.Timeout;
}

function arm(timer: SystemTimer, callback: () => void, dueMs: number, keepAlive: boolean): void {
  const remainingMs = dueMs - performance.now();
  const next = remainingMs <= LONGEST_TIMEOUT_MS ? callback : () => arm(timer, callback, dueMs, keepAlive);
  timer.timeout = setTimeout(next, Math.min(Math.max(0, Math.ceil(remainingMs)), LONGEST_TIMEOUT_MS));
  if (!keepAlive) timer.timeout.unref();
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

/** The real time. One object for all copies of this package in a process: who shares a memory broker must share its clock. */
export const systemClock: Clock = (shared[SYSTEM_CLOCK] ??= ownSystemClock);
