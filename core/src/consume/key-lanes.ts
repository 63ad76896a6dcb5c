import { afterThis } from "../base/turns.ts";
import type { Clock, TimerHandle } from "../base/clock.ts";
import { Deque } from "../base/deque.ts";
import type { InFlight } from "./in-flight.ts";

interface Lane {
  /** The one that runs, waits for a place, or waits for its delay to pass. */
  current: InFlight | undefined;
  /** The message that is being retried: it must be redelivered before any other message of this key runs. */
  awaited: { readonly id: string; readonly dueMs: number } | undefined;
  /** Set while `current` waits for its delay, or while `awaited` is not redelivered yet. */
  timer: TimerHandle;
  readonly behind: Deque<InFlight>;
  /** Set after the items behind an awaited message were given back: what is delivered before they come again waits for them. */
  returning: Returning | undefined;
}

interface Returning {
  /** What was given back and has not come again. */
  readonly ids: Set<string>;
  /** Delivered meanwhile, and later in the order of the key. */
  readonly later: Deque<InFlight>;
  readonly timer: TimerHandle;
}

export interface KeyLanesOptions {
  readonly clock: Clock;
  /** Runs an item, or queues it for a free place. */
  readonly ready: (item: InFlight) => void;
  /** Releases items, because the awaited message was not redelivered in time. */
  readonly giveBack: (items: readonly InFlight[]) => void;
  /** Acknowledges an item that its subscription does not take, and returns true. Asked when it is the next of its key. Absent where every message is taken. */
  readonly skips?: ((item: InFlight) => boolean) | undefined;
  /** How long after its due time an awaited message may be redelivered, and what was given back may take to come again, in ms. */
  readonly patienceMs: number;
}

/** Order by key in one worker: of each key at most one item is ready at a time, in the order of deliveries (C20). */
export class KeyLanes {
  readonly #options: KeyLanesOptions;
  readonly #lanes = new Map<string, Lane>();

  constructor(options: KeyLanesOptions) {
    this.#options = options;
  }

  /** Takes a delivery that has an ordering key. */
  admit(key: string, item: InFlight): void {
    const { skips } = this.#options;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      if (skips?.(item) === true) return;
      lane = { current: item, awaited: undefined, timer: undefined, behind: new Deque(), returning: undefined };
      this.#lanes.set(key, lane);
      this.#options.ready(item);
    } else if (lane.awaited !== undefined && lane.awaited.id === item.id) {
      // Publishers choose ids: another message may have the same.
      if (skips?.(item) === true) return;
      const { dueMs } = lane.awaited;
      lane.awaited = undefined;
      this.#stopTimer(lane);
      this.#startAfter(lane, item, dueMs - this.#options.clock.monotonicNow());
    } else if (lane.returning !== undefined) {
      this.#comesAgain(key, lane, lane.returning, item);
    } else if (lane.current === undefined && lane.awaited === undefined) {
      // Its current item was revoked just now. What is delivered while this one is skipped goes behind.
      lane.current = item;
      if (skips?.(item) === true) lane.current = undefined;
      else this.#options.ready(item);
    } else {
      lane.behind.push(item);
    }
  }

  /** The current item of the key succeeded or was dead-lettered: the next one is ready. */
  settled(key: string, item: InFlight): void {
    const lane = this.#lanes.get(key);
    if (lane?.current !== item) return;
    lane.current = undefined;
    this.#advance(key, lane);
  }

  /** The current item failed, and the broker redelivers it at once. It runs again after `delayMs`. */
  awaitRetry(key: string, item: InFlight, delayMs: number): void {
    const lane = this.#lanes.get(key);
    if (lane?.current !== item) return;
    lane.current = undefined;
    this.#stopTimer(lane);
    const { clock } = this.#options;
    lane.awaited = { id: item.id, dueMs: clock.monotonicNow() + delayMs };
    lane.timer = clock.setTimer(() => this.#giveBack(key, lane), delayMs + this.#options.patienceMs);
  }

  /** An item that has not started is lost. The next item starts in a later microtask, when all items that are revoked together are gone. */
  revoked(key: string, item: InFlight): void {
    const lane = this.#lanes.get(key);
    if (lane === undefined) return;
    if (lane.current !== item) {
      removeFrom(lane, item);
      return;
    }
    lane.current = undefined;
    this.#stopTimer(lane);
    afterThis(() => {
      if (this.#lanes.get(key) === lane && lane.current === undefined) this.#advance(key, lane);
    });
  }

  /** An item is released: it does not wait behind the current item any longer. */
  leaves(key: string, item: InFlight): void {
    const lane = this.#lanes.get(key);
    if (lane !== undefined && lane.current !== item) removeFrom(lane, item);
  }

  clear(): void {
    for (const lane of this.#lanes.values()) {
      this.#stopTimer(lane);
      this.#options.clock.clearTimer(lane.returning?.timer);
    }
    this.#lanes.clear();
  }

  /** Another worker may have the awaited message now, so the later ones must not start here before it. */
  #giveBack(key: string, lane: Lane): void {
    lane.awaited = undefined;
    lane.timer = undefined;
    const items = lane.behind.remove(() => true);
    const { clock, giveBack, patienceMs } = this.#options;
    if (lane.returning === undefined && items.length > 0) {
      const timer = clock.setTimer(() => {
        this.#allBack(lane);
        if (lane.current === undefined) this.#advance(key, lane);
      }, patienceMs);
      lane.returning = { ids: new Set(), later: new Deque(), timer };
    }
    for (const { id } of items) lane.returning?.ids.add(id);
    if (lane.returning === undefined) this.#lanes.delete(key);
    giveBack(items);
  }

  /** A delivery while items that were given back have not all come again. */
  #comesAgain(key: string, lane: Lane, { ids, later }: Returning, item: InFlight): void {
    if (ids.delete(item.id)) lane.behind.push(item);
    else later.push(item);
    if (ids.size === 0) this.#allBack(lane);
    if (lane.current === undefined) this.#advance(key, lane);
  }

  #allBack(lane: Lane): void {
    const { returning } = lane;
    if (returning === undefined) return;
    this.#options.clock.clearTimer(returning.timer);
    lane.returning = undefined;
    for (const item of returning.later) lane.behind.push(item);
  }

  #stopTimer(lane: Lane): void {
    if (lane.timer !== undefined) this.#options.clock.clearTimer(lane.timer);
    lane.timer = undefined;
  }

  #advance(key: string, lane: Lane): void {
    if (lane.awaited !== undefined) return;
    // A loop and not a recursion: any number in a row may be skipped. What is delivered while one is skipped goes behind.
    for (let next = lane.behind.shift(); next !== undefined; next = lane.behind.shift()) {
      lane.current = next;
      if (this.#options.skips?.(next) !== true) return this.#options.ready(next);
    }
    lane.current = undefined;
    if (lane.returning === undefined) this.#lanes.delete(key);
    return undefined;
  }

  #startAfter(lane: Lane, item: InFlight, delayMs: number): void {
    lane.current = item;
    if (delayMs <= 0) return this.#options.ready(item);
    lane.timer = this.#options.clock.setTimer(() => {
      if (lane.current === item && item.state === "waiting") this.#options.ready(item);
    }, delayMs);
  }
}

function removeFrom({ behind, returning }: Lane, item: InFlight): void {
  behind.remove((other) => other === item);
  returning?.later.remove((other) => other === item);
}
