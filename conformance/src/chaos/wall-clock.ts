/**
 * A wall clock that can be set: `Date` of this process is replaced, so that client libraries see it too. Timers and the
 * monotonic clock are not touched, as when the clock of a machine is set.
 */
export interface WallClock {
  /** 0 is the true time. */
  set(offsetMs: number): void;
  /** Brings back the `Date` that was there before. */
  restore(): void;
}

export function replaceWallClock(): WallClock {
  const TrueDate = globalThis.Date;
  let offsetMs = 0;
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, args: readonly unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [TrueDate.now() + offsetMs] : args, newTarget) as Date,
    apply: () => new TrueDate(TrueDate.now() + offsetMs).toString(),
    get: (target, name, receiver) =>
      name === "now" ? () => TrueDate.now() + offsetMs : (Reflect.get(target, name, receiver) as unknown),
  });
  return {
    set(next) {
      offsetMs = next;
    },
    restore() {
      globalThis.Date = TrueDate;
    },
  };
}
