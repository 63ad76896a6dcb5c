import type { ConnectOptions, PublishOptions } from "@anytopic/core";
import type { WrapDriver } from "./intercept.ts";
import type { Item } from "./item.ts";

export interface OpenOptions extends Omit<ConnectOptions, "adapterOptions"> {
  /** Connect through the harness's proxy. */
  readonly throughProxy?: boolean | undefined;
  /** Stands between core and the driver. */
  readonly intercept?: WrapDriver | undefined;
}

export interface Sent {
  readonly id: string;
  readonly item: Item;
}

export interface PublishManyOptions extends Omit<PublishOptions, "id"> {
  /** The key of the n-th of them. @default all the same */
  readonly key?: ((index: number) => string) | undefined;
  readonly pad?: string | undefined;
}

/**
 * What the invariants must allow in a behaviour. `"duplicates"`: a completed message is redelivered (C11's loss
 * window). `"skipped-attempts"`: an attempt was spent without a handler. `"repeated-attempts"`: counting starts again
 * (redrive). `"unfinished"`: a handler never ends.
 */
export type Tolerance = "duplicates" | "skipped-attempts" | "repeated-attempts" | "unfinished";

export interface ContextOptions {
  readonly id: string;
  readonly seed: number;
  /** Aborts when the behaviour has timed out. */
  readonly signal: AbortSignal;
  /** How long `delivery.idle` idles, in ms. */
  readonly idleMs: number;
  /** See `AdapterRequest.faults`. */
  readonly faults: boolean;
}
