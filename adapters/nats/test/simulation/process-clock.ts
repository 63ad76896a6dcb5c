import type { Clock, TimerHandle } from "@anytopic/core/driver";
import type { SimClock } from "./sim-clock.ts";
import type { SimWorld } from "./sim-world.ts";

/** The event loop of one simulated process. It can stand still, and time goes on meanwhile. */
export class ProcessClock implements Clock {
  readonly #clock: SimClock;
  readonly #world: SimWorld;
  #untilMs = 0;
  readonly #timers: (() => void)[] = [];
  readonly #arrived: (() => void)[] = [];
  readonly #earlyMs: number;

  /** `earlyMs`: how much too early timers fire. */
  constructor(world: SimWorld, earlyMs: number) {
    this.#earlyMs = earlyMs;
    this.#world = world;
    this.#clock = world.clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonicNow(): number {
    return this.#clock.monotonicNow();
  }

  setTimer(callback: () => void, delayMs: number): TimerHandle {
    const timer = { callback };
    const fire = (): void => this.#run(this.#timers, () => timer.callback());
    return { timer, handle: this.#clock.setTimer(fire, delayMs - this.#earlyMs) };
  }

  clearTimer(handle: TimerHandle): void {
    if (handle === undefined) return;
    const set = handle as unknown as { readonly timer: { callback: () => void }; readonly handle: TimerHandle };
    set.timer.callback = () => {};
    this.#clock.clearTimer(set.handle);
  }

  /** Something has arrived at the process. */
  arrive(callback: () => void): void {
    this.#run(this.#arrived, callback);
  }

  standStill(forMs: number): void {
    if (this.#isStill) return;
    this.#untilMs = this.#world.now + forMs;
    this.#world.later(forMs, () => this.#goOn());
  }

  get #isStill(): boolean {
    return this.#world.now < this.#untilMs || this.#timers.length > 0 || this.#arrived.length > 0;
  }

  #run(queue: (() => void)[], callback: () => void): void {
    if (this.#isStill) queue.push(callback);
    else callback();
  }

  /** What was due and what has arrived, one after the other. Which of them comes first depends on where the loop stood. */
  #goOn(): void {
    const queues = this.#world.chance(0.5) ? [this.#timers, this.#arrived] : [this.#arrived, this.#timers];
    const next = queues[0]?.shift() ?? queues[1]?.shift();
    if (next === undefined) return;
    next();
    // Promises settle in between.
    this.#world.later(0, () => this.#goOn());
  }
}
