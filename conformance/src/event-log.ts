import type { PubSubEvent } from "@anytopic/core";
import { monotonicMs } from "./wait.ts";

/** One thing that happened in a behaviour, as the behaviour's code saw it. */
export type Happening =
  | { readonly type: "publish-start"; readonly topic: string; readonly seq: number; readonly key: string }
  | { readonly type: "publish-ok"; readonly topic: string; readonly seq: number; readonly id: string }
  | { readonly type: "publish-error"; readonly topic: string; readonly seq: number; readonly error: unknown }
  | (HandlerHappening & { readonly type: "handler-start"; readonly attempt: number; readonly intact: boolean })
  | (HandlerHappening & { readonly type: "handler-end"; readonly ok: boolean })
  | { readonly type: "observed"; readonly event: PubSubEvent };

export interface HandlerHappening {
  readonly topic: string;
  readonly subscription: string;
  /** Which worker of the behaviour. */
  readonly worker: string;
  /** Counts handler runs of the behaviour: pairs start and end. */
  readonly run: number;
  readonly id: string;
  readonly seq: number;
  readonly key: string;
}

export type LogEntry = Happening & { readonly atMs: number };

/** Append-only. The invariants are checked on it afterwards. */
export class EventLog {
  readonly #entries: LogEntry[] = [];
  #handlerActivity = 0;

  append(happening: Happening): void {
    if (happening.type === "handler-start" || happening.type === "handler-end") this.#handlerActivity += 1;
    this.#entries.push(Object.freeze({ ...happening, atMs: monotonicMs() }));
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Handler starts and ends so far. When "nothing happens", this number must not change. */
  get handlerActivity(): number {
    return this.#handlerActivity;
  }

  /** The events of one type that core's observer reported. */
  observed<Type extends PubSubEvent["type"]>(type: Type): readonly Extract<PubSubEvent, { type: Type }>[] {
    const events: Extract<PubSubEvent, { type: Type }>[] = [];
    for (const entry of this.#entries) {
      if (entry.type === "observed" && entry.event.type === type) {
        events.push(entry.event as Extract<PubSubEvent, { type: Type }>);
      }
    }
    return events;
  }
}
