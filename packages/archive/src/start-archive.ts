import {
  bytesCodec,
  type AnySubscription,
  type HandlerContext,
  type PubSub,
  type Subscription,
  type Worker,
} from "@anytopic/core";
import { type Clock, type Logger, silentLogger, systemClock } from "@anytopic/core";
import { EXPIRES_ATTRIBUTE, pause, retryPauseMs } from "@anytopic/core/driver";
import { inspect } from "node:util";
import type { ArchivedMessage, ArchiveStore } from "./archive-store.ts";
import { requireKnown, requireOption } from "./option-checks.ts";

/** How messages are taken into an archive. */
export interface StartArchiveOptions {
  /** The largest number of messages of one append; 1 to 10,000. @default 1000 */
  readonly maxMessages?: number | undefined;
  /**
   * How long the first message of an append waits for others, in ms; 1 to 60,000. While an append runs, the next one collects, so a short
   * time is enough for files and databases. An append has at most one message of each ordering key. @default 1
   */
  readonly maxWaitMs?: number | undefined;
  /** Closes the worker when it aborts. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Called when messages are durable, with their number. Must not throw. @default none */
  readonly onArchived?: ((messages: number) => void) | undefined;
  /** Hears when the store fails, and when it works again. @default nobody */
  readonly logger?: Logger | undefined;
  /** For tests. @default the system's */
  readonly clock?: Clock | undefined;
}

/**
 * Opens a worker that writes every message of a subscription to a store, and acknowledges it when the store has it durably: at least once.
 * Bodies are not decoded and no schema is asked, so what handlers cannot read is archived too. While the store fails, it tries again with
 * pauses of at most 10 s and acknowledges nothing. The store stays the caller's: nothing here closes it.
 *
 * The result is the worker of `PubSub.subscribe`. Several may run at once, on one subscription, also in other processes.
 *
 * @throws TypeError when an argument is wrong
 * @throws PubSubError as `PubSub.subscribe` does
 */
export async function startArchive(
  pubsub: PubSub,
  archive: AnySubscription,
  store: ArchiveStore,
  options: StartArchiveOptions = {},
): Promise<Worker> {
  requireKnown("startArchive", options, ["maxMessages", "maxWaitMs", "signal", "onArchived", "logger", "clock"]);
  if (typeof store?.append !== "function")
    throw new TypeError(`store is ${inspect(store, { depth: 0 })}: must be an archive store`);
  const maxMessages = requireOption("maxMessages", options.maxMessages ?? 1000, 1, 10_000);
  const maxWaitMs = requireOption("maxWaitMs", options.maxWaitMs ?? 1, 1, 60_000);
  const writing = new Writing(archive, store, options);
  return await pubsub.subscribe(undecoded(archive), async (_bodies, contexts) => await writing.append(contexts), {
    // One append after the other keeps the order of each key in the store.
    maxConcurrency: 1,
    batch: { maxMessages, maxWaitMs },
    signal: options.signal,
  });
}

/** The same subscription, whose events are the bodies. */
function undecoded(subscription: AnySubscription): Subscription<Uint8Array> {
  return Object.freeze({
    ...subscription,
    topic: Object.freeze({ ...subscription.topic, schema: undefined, codec: bytesCodec }),
  });
}

/** Appends to the store until it succeeds. */
class Writing {
  readonly #topic: string;
  readonly #path: string;
  readonly #store: ArchiveStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onArchived: ((messages: number) => void) | undefined;

  constructor({ topic, name }: AnySubscription, store: ArchiveStore, options: StartArchiveOptions) {
    this.#topic = topic.name;
    this.#path = `${topic.name}/${name}`;
    this.#store = store;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#onArchived = options.onArchived;
  }

  /** Rejects when no message of the batch is this worker's any longer, because it closes or has lost them: they are delivered again. */
  async append(contexts: readonly HandlerContext[]): Promise<void> {
    const messages = contexts.map((context) => archivedMessage(this.#topic, context));
    for (let failures = 0; ;) {
      try {
        await this.#store.append(messages);
        if (failures > 0) this.#logger.info({ subscription: this.#path }, "the archive's store works again");
        this.#onArchived?.(messages.length);
        return;
      } catch (error) {
        failures += 1;
        this.#report(failures, error);
        if (contexts.every(({ signal }) => signal.aborted)) throw error;
        await pause(this.#clock, retryPauseMs(failures, Math.random), contexts[0]?.signal);
        if (contexts.every(({ signal }) => signal.aborted)) throw error;
      }
    }
  }

  #report(failures: number, error: unknown): void {
    // One line for each time that something is wrong, and one for about every minute that it stays so.
    if (failures !== 1 && failures % 8 !== 0) return;
    const reason = error instanceof Error ? error.message : typeof error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    this.#logger.error(
      { subscription: this.#path, failures, code },
      `the archive's store fails, trying again: ${reason}`,
    );
  }
}

function archivedMessage(topic: string, context: HandlerContext): ArchivedMessage {
  const { id, body, orderingKey, publishTime, expiresAt } = context;
  const publishTimeMs = publishTime.getTime();
  if (expiresAt === undefined) {
    return { topic, id, body, attributes: context.attributes, orderingKey, publishTimeMs };
  }
  const attributes = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(context.attributes)) attributes[key] = value;
  attributes[EXPIRES_ATTRIBUTE] = String(expiresAt.getTime());
  return { topic, id, body, attributes: Object.freeze(attributes), orderingKey, publishTimeMs };
}
