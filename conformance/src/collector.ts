import type {
  BatchOptions,
  BatchOutcome,
  HandlerContext,
  PubSub,
  SubscribeOptions,
  Subscription,
  Worker,
} from "@anytopic/core";
import type { EventLog } from "./event-log.ts";
import { few } from "./expect.ts";
import { intact, type Item } from "./item.ts";
import { eventually, monotonicMs, type WaitOptions } from "./wait.ts";

/** One run of the handler. */
export interface Received {
  readonly item: Item;
  readonly id: string;
  readonly attempt: number;
  readonly context: HandlerContext;
  /** Monotonic ms of the handler's start. */
  readonly atMs: number;
  /** Undefined while it runs. */
  outcome: "ok" | "failed" | undefined;
}

export interface CollectOptions extends Omit<SubscribeOptions, "batch"> {
  /** Take batches: `handle` is called for each message of a batch at the same time, and says how that one ends. @default one message at a time */
  readonly batch?: BatchOptions | undefined;
  /** What the handler does: resolve, throw, or wait. @default resolves at once */
  readonly handle?: ((received: Received) => unknown) | undefined;
}

/** A worker whose handler records what it gets. */
export class Collector {
  readonly name: string;
  /** Every run of the handler, in order of starts. */
  readonly received: Received[] = [];
  /** What each batch had, in order of starts. */
  readonly batches: (readonly Received[])[] = [];
  readonly #log: EventLog;
  readonly #wait: WaitOptions;
  readonly #subscription: Subscription<Item>;
  readonly #handle: (received: Received) => unknown;
  #worker: Worker | undefined;

  constructor(
    name: string,
    subscription: Subscription<Item>,
    log: EventLog,
    wait: WaitOptions,
    handle: (received: Received) => unknown = () => undefined,
  ) {
    this.name = name;
    this.#subscription = subscription;
    this.#log = log;
    this.#wait = wait;
    this.#handle = handle;
  }

  async start(pubsub: PubSub, { batch, ...options }: Omit<CollectOptions, "handle">): Promise<this> {
    this.#worker =
      batch === undefined
        ? await pubsub.subscribe(this.#subscription, (item, context) => this.#run(item, context), options)
        : await pubsub.subscribe(this.#subscription, (items, contexts) => this.#runAll(items, contexts), {
            ...options,
            batch,
          });
    return this;
  }

  get worker(): Worker {
    if (this.#worker === undefined) throw new Error(`collector ${this.name} has not started`);
    return this.#worker;
  }

  /** Completed runs. */
  get completed(): readonly Received[] {
    return this.received.filter(({ outcome }) => outcome === "ok");
  }

  get running(): number {
    return this.received.filter(({ outcome }) => outcome === undefined).length;
  }

  /** Ids of completed runs; an id that was completed twice is in it twice. */
  get ids(): readonly string[] {
    return this.completed.map(({ id }) => id);
  }

  runsOf(id: string): readonly Received[] {
    return this.received.filter((received) => received.id === id);
  }

  /** Waits until each of these ids was completed. */
  async completes(ids: readonly string[], deadlineMs: number = this.#wait.deadlineMs): Promise<void> {
    const missing = (): string[] => {
      const have = new Set(this.ids);
      return ids.filter((id) => !have.has(id));
    };
    await eventually(
      () => missing().length === 0,
      () => `${this.name} to complete ${ids.length} messages; ${missing().length} are missing: ${few(missing())}`,
      { ...this.#wait, deadlineMs },
    );
  }

  /** Waits until the handler has started this many times in total. */
  async starts(count: number, deadlineMs: number = this.#wait.deadlineMs): Promise<void> {
    await eventually(
      () => this.received.length >= count,
      () => `${this.name} to start ${count} handlers; ${this.received.length} have started`,
      { ...this.#wait, deadlineMs },
    );
  }

  close(options?: { readonly timeoutMs?: number | undefined }): Promise<void> {
    return this.worker.close(options);
  }

  static #runs = 0;

  async #runAll(items: readonly Item[], contexts: readonly HandlerContext[]): Promise<readonly BatchOutcome[]> {
    const before = this.received.length;
    const runs = items.map((item, index) => this.#run(item, contexts[index] as HandlerContext));
    this.batches.push(this.received.slice(before));
    const results = await Promise.allSettled(runs);
    // The suite's handlers throw errors only.
    return results.map((result) => (result.status === "fulfilled" ? "ack" : (result.reason as Error)));
  }

  async #run(item: Item, context: HandlerContext): Promise<void> {
    const received: Received = {
      item,
      id: context.id,
      attempt: context.attempt,
      context,
      atMs: monotonicMs(),
      outcome: undefined,
    };
    const what = {
      topic: this.#subscription.topic.name,
      subscription: this.#subscription.name,
      worker: this.name,
      run: (Collector.#runs += 1),
      id: context.id,
      seq: item.seq,
      key: item.key,
    };
    this.received.push(received);
    this.#log.append({ type: "handler-start", ...what, attempt: context.attempt, intact: intact(item) });
    try {
      await this.#handle(received);
      received.outcome = "ok";
    } catch (error) {
      received.outcome = "failed";
      throw error;
    } finally {
      this.#log.append({ type: "handler-end", ...what, ok: received.outcome === "ok" });
    }
  }
}
