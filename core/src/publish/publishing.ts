import { inNextTurn } from "../base/turns.ts";
import type { CloseBudget } from "../base/close-budget.ts";
import { closedError } from "../base/require-open.ts";
import type { ConnectionEnvironment } from "../connections/connection.ts";
import type { ConnectionRouter } from "../connections/connection-router.ts";
import type { ConnectOptions } from "../connections/connect-options.ts";
import { type RelayMessage, readEncoded } from "./relay-message.ts";
import type { EventPublisher } from "./mirror-publisher.ts";
import { openPublisher } from "./open-publisher.ts";
import type { PendingPublish } from "./pending-publish.ts";
import { readBatch, type ReadEntry, sendBatch } from "./publish-batch.ts";
import type { PublishEntry, PublishOptions, PublishResult } from "./publish-options.ts";
import { publishReader, readPublish, type PublishReader } from "./read-publish.ts";
import { seenBatch } from "./seen-batch.ts";
import { endSeen, type PublishPlace, seenPublish } from "./seen-publish.ts";
import { PUBLISH_LIMITS } from "../options/publish-limits.ts";
import type { AnyTopic, Topic } from "../declare/topic.ts";
import { untilAborted } from "../base/until-aborted.ts";

/** Sends the messages that are not due yet. */
export interface LaterSender {
  send(topic: AnyTopic, message: PendingPublish): Promise<string>;
}

/** The publishers of a `PubSub`, one for each topic. A topic is opened by its first publish. */
export class Publishing {
  readonly #router: ConnectionRouter;
  readonly #environment: ConnectionEnvironment;
  readonly #limits: NonNullable<ConnectOptions["publish"]>;
  readonly #reader: PublishReader;
  readonly #later: LaterSender;
  readonly #publishers = new Map<string, EventPublisher>();
  /** The publishers for which no earlier publish still waits, so that calls keep their order. */
  readonly #ready = new Map<string, EventPublisher>();
  readonly #opening = new Map<string, Promise<EventPublisher>>();
  /** Set when no handler runs, or the running ones were abandoned. */
  #isClosed = false;
  /** Set when closing stops waiting for topics that are being opened. */
  #openingClosed = false;

  constructor(
    router: ConnectionRouter,
    environment: ConnectionEnvironment,
    options: ConnectOptions,
    later: LaterSender,
  ) {
    this.#later = later;
    this.#router = router;
    this.#environment = environment;
    this.#limits = options.publish ?? {};
    this.#reader = publishReader(environment.clock, this.#limits.idSecret, options.newId, options.random);
  }

  /** How many publishes are pending or waiting. */
  get pending(): number {
    let pending = 0;
    for (const publisher of this.#publishers.values()) pending += publisher.pending;
    return pending;
  }

  publish<Input>(topic: Topic<Input, unknown>, event: Input, options: PublishOptions | undefined): Promise<string> {
    let message: PendingPublish;
    try {
      message = readPublish(topic, event, options, this.#reader);
    } catch (error) {
      return Promise.reject(error);
    }
    const instruments = this.#environment.instrumented.publishing;
    if (instruments === undefined) return this.#send(topic, message);
    const seen = seenPublish(message, this.#place(topic), undefined, instruments);
    return endSeen(this.#send(topic, seen.message), seen.ended);
  }

  #send(topic: AnyTopic, message: PendingPublish): Promise<string> {
    if (message.due !== undefined) return this.#sendLater(topic, message);
    const publisher = this.#ready.get(topic.name);
    if (publisher !== undefined && !this.#isClosed) return publisher.send(message);
    return untilAborted(this.#open(topic), message.signal).then((opened) => opened.send(message));
  }

  #sendLater(topic: AnyTopic, message: PendingPublish): Promise<string> {
    return this.#isClosed ? Promise.reject(closedError()) : this.#later.send(topic, message);
  }

  async publishBatch<Input>(
    topic: Topic<Input, unknown>,
    entries: readonly PublishEntry<Input>[],
    signal: AbortSignal | undefined,
  ): Promise<readonly PublishResult[]> {
    if (this.#isClosed) throw closedError();
    return await this.#sendEntries(topic, readBatch(topic, entries, signal, this.#reader), signal);
  }

  /** For `publishEncoded`. */
  async publishEncoded(
    topic: AnyTopic,
    messages: readonly RelayMessage[],
    signal: AbortSignal | undefined,
  ): Promise<readonly PublishResult[]> {
    if (this.#isClosed) throw closedError();
    return await this.#sendEntries(topic, readEncoded(topic, messages, signal, this.#reader), signal);
  }

  async #sendEntries(
    topic: AnyTopic,
    entries: readonly ReadEntry[],
    signal: AbortSignal | undefined,
  ): Promise<readonly PublishResult[]> {
    const instruments = entries.length === 0 ? undefined : this.#environment.instrumented.publishing;
    const seen = instruments === undefined ? undefined : seenBatch(entries, this.#place(topic), instruments);
    let publisher = this.#ready.get(topic.name);
    try {
      publisher ??= await untilAborted(this.#open(topic), signal);
    } catch (error) {
      seen?.failed(signal?.aborted === true ? signal.reason : error);
      if (signal?.aborted !== true) throw error;
      return entries.map(() => ({ ok: false, error: signal.reason as unknown }));
    }
    const results = await sendBatch(publisher, seen?.entries ?? entries, (message) => this.#sendLater(topic, message));
    seen?.ended(results);
    return results;
  }

  #place(topic: AnyTopic): PublishPlace {
    return { topic: topic.name, adapter: this.#router.adapterNameOf(topic) };
  }

  /** Rejects new publishes, and waits for the pending ones. */
  async close(budget: CloseBudget): Promise<void> {
    this.#isClosed = true;
    // A publish whose topic is still being opened is pending too.
    await budget.wait("opening topics", {}, () => this.#opened());
    this.#openingClosed = true;
    await Promise.all(
      [...this.#publishers].map(([topic, publisher]) =>
        budget.wait("waiting for publishes", { topic }, (leftMs) => publisher.close(leftMs)),
      ),
    );
  }

  /** Resolves when no topic is being opened and the publishes that waited for one were sent, which takes a turn of the event loop. */
  async #opened(): Promise<void> {
    while (this.#opening.size > 0) {
      await Promise.allSettled(this.#opening.values());
      await new Promise<void>((resolve) => inNextTurn(resolve));
    }
  }

  #open(topic: AnyTopic): Promise<EventPublisher> {
    if (this.#isClosed) return Promise.reject(closedError());
    const known = this.#opening.get(topic.name);
    if (known !== undefined) return known;
    const opening = this.#newPublisher(topic);
    this.#opening.set(topic.name, opening);
    const forget = (): unknown => this.#opening.delete(topic.name);
    const ready = (publisher: EventPublisher): void => {
      this.#ready.set(topic.name, publisher);
      forget();
    };
    opening.then((publisher) => inNextTurn(() => ready(publisher)), forget);
    return opening;
  }

  async #newPublisher(topic: AnyTopic): Promise<EventPublisher> {
    const { clock, observe } = this.#environment;
    const publisher = await openPublisher(this.#router, topic, {
      clock,
      observer: observe,
      maxPending: this.#limits.maxPending ?? PUBLISH_LIMITS.maxPending.default,
      maxWaiting: this.#limits.maxWaiting ?? PUBLISH_LIMITS.maxWaiting.default,
      timeoutMs: this.#limits.timeoutMs ?? PUBLISH_LIMITS.timeoutMs.default,
    });
    if (this.#openingClosed) {
      void publisher.close(0);
      throw closedError();
    }
    this.#publishers.set(topic.name, publisher);
    return publisher;
  }
}
