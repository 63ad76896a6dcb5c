import type { Attributes } from "../contract/message.ts";
import type { Capabilities } from "../contract/capabilities.ts";
import { CallOrder } from "./call-order.ts";
import { checkedSize } from "./message-check.ts";
import type { Clock } from "../base/clock.ts";
import type { DriverPublisher } from "../driver.ts";
import { timeLeft } from "../base/time-left.ts";
import { PubSubError } from "../base/errors.ts";
import type { Observer } from "../observe/observer.ts";
import type { PendingPublish } from "./pending-publish.ts";
import { BoundedPublishWindow } from "./publish-window.ts";

export interface TopicPublisherOptions {
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
  readonly maxPending: number;
  readonly maxWaiting: number;
  readonly timeoutMs: number;
  /** What is wrong with the connection now. @default unknown */
  readonly trouble?: (() => PubSubError | undefined) | undefined;
}

/** Checks and sends the messages of one topic, through one publisher of a driver. */
export class TopicPublisher {
  readonly #name: string;
  readonly #publisher: DriverPublisher;
  readonly #options: TopicPublisherOptions;
  readonly #window: BoundedPublishWindow;
  /** The order of events with an ordering key. */
  readonly #callOrder = new CallOrder();
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(name: string, publisher: DriverPublisher, options: TopicPublisherOptions) {
    this.#name = name;
    this.#publisher = publisher;
    this.#options = options;
    this.#window = new BoundedPublishWindow(publisher, {
      what: `topic ${JSON.stringify(name)}`,
      maxPending: options.maxPending,
      maxWaiting: options.maxWaiting,
      timeoutMs: options.timeoutMs,
      batch: options.capabilities.publishBatch,
      clock: options.clock,
      trouble: options.trouble,
    });
  }

  get pending(): number {
    return this.#window.pending;
  }

  /** Resolves with the id when the broker has accepted the message. */
  send(message: PendingPublish): Promise<string> {
    const { valid } = message;
    const isOrdered = message.orderingKey !== undefined;
    if (valid === undefined && (!isOrdered || this.#callOrder.idle)) return this.#checkAndSubmit(message);
    return this.#callOrder.run(isOrdered, valid, message.signal, () => this.#checkAndSubmit(message));
  }

  /**
   * Returns what can be sent: the message, or the same without the attributes of instrumentations when those would break a limit.
   *
   * @throws PubSubError `LIMIT_EXCEEDED` or another error that every publish of this message would have, or `CLOSED`
   */
  checked(message: PendingPublish): PendingPublish {
    if (this.#closed) throw new PubSubError("CLOSED", `topic "${this.#name}": publish after close`);
    const { ownAttributes } = message;
    if (ownAttributes !== undefined) return this.#checkedWithCarrier(message, ownAttributes);
    this.#check(message);
    return message;
  }

  #checkedWithCarrier(message: PendingPublish, ownAttributes: Attributes): PendingPublish {
    try {
      this.#check(message);
      return message;
    } catch {
      const plain = message.withoutCarrier(ownAttributes);
      this.#check(plain);
      return plain;
    }
  }

  #check(message: PendingPublish): void {
    message.bytes = checkedSize(this.#name, message, this.#options.capabilities, this.#publisher);
  }

  /** Sends a message that was checked. */
  submit(message: PendingPublish): Promise<string> {
    return new Promise((resolve, reject) => {
      message.answerTo(this.#window, resolve, reject);
      if (this.#options.observer !== undefined) this.#observe(message, this.#options.observer);
      this.#window.admit(message);
    });
  }

  /**
   * Waits until every pending publish is answered, also those that a schema still validates, for at most `timeoutMs`. Then the
   * others are rejected. Idempotent.
   */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const { clock } = this.#options;
    const leftMs = timeLeft(clock, timeoutMs);
    await this.#callOrder.settled(clock, timeoutMs);
    this.#closed = true;
    await this.#window.drained(leftMs());
    await this.#publisher.close(leftMs());
  }

  #checkAndSubmit(message: PendingPublish): Promise<string> {
    let checked: PendingPublish;
    try {
      checked = this.checked(message);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.submit(checked);
  }

  #observe(message: PendingPublish, observer: Observer): void {
    const { clock } = this.#options;
    const { id, bytes } = message;
    const base = { topic: this.#name, id };
    const startedMs = clock.monotonicNow();
    observer({ ...base, type: "publish", bytes, atMs: message.startedMs });
    message.onAnswer = (error) => {
      const atMs = clock.now();
      const durationMs = clock.monotonicNow() - startedMs;
      if (error === undefined) observer({ ...base, type: "published", durationMs, atMs });
      else observer({ ...base, type: "publish-failed", error, durationMs, atMs });
    };
  }
}
