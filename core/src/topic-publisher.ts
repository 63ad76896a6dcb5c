import type { Capabilities } from "./capabilities.ts";
import { CallOrder } from "./call-order.ts";
import { checkedAttributes, limitExceeded } from "./checked-attributes.ts";
import type { Clock } from "./clock.ts";
import type { DriverPublisher } from "./driver.ts";
import { PubSubError } from "./errors.ts";
import { requireId, type IdGenerator } from "./message-id.ts";
import type { Observer } from "./observer.ts";
import { shown } from "./option-checks.ts";
import { PendingPublish } from "./pending-publish.ts";
import type { PublishEntry, PublishOptions, PublishResult } from "./publish-options.ts";
import { BoundedPublishWindow } from "./publish-window.ts";
import { validatedValue } from "./schema-validation.ts";
import type { StandardResult } from "./standard-schema.ts";
import type { AnyTopic, Topic } from "./topic.ts";

export interface TopicPublisherOptions {
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  readonly newId: IdGenerator;
  readonly observer: Observer | undefined;
  readonly maxPending: number;
  readonly maxWaiting: number;
  readonly timeoutMs: number;
}

const NO_OPTIONS: PublishOptions = Object.freeze({});

/** Encodes, checks and sends events of one topic over one driver publisher. */
export class TopicPublisher {
  readonly #publisher: DriverPublisher;
  readonly #options: TopicPublisherOptions;
  readonly #window: BoundedPublishWindow;
  /** Of events with a key, whose order is a promise. */
  readonly #callOrder = new CallOrder();
  #closing: Promise<void> | undefined;

  constructor(name: string, publisher: DriverPublisher, options: TopicPublisherOptions) {
    this.#publisher = publisher;
    this.#options = options;
    this.#window = new BoundedPublishWindow(publisher, {
      what: `topic ${JSON.stringify(name)}`,
      maxPending: options.maxPending,
      maxWaiting: options.maxWaiting,
      timeoutMs: options.timeoutMs,
      batch: options.capabilities.publishBatch,
      clock: options.clock,
    });
  }

  get pending(): number {
    return this.#window.pending;
  }

  /** `topic` is given each time because two declarations of one name may differ in schema and codec. */
  publish<Input>(topic: Topic<Input, unknown>, event: Input, options: PublishOptions = NO_OPTIONS): Promise<string> {
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason);
    if (topic.schema === undefined) return this.#submit(topic, event, options);
    let valid: Promise<void> | undefined;
    try {
      valid = this.validate(topic, event);
    } catch (error) {
      return Promise.reject(error);
    }
    const isOrdered = topic.orderingKey !== undefined;
    return this.#callOrder.run(isOrdered, valid, options.signal, () => this.#submit(topic, event, options));
  }

  /** Throws, or rejects where the schema is asynchronous, when the event does not fit its schema. */
  validate<Input>(topic: Topic<Input, unknown>, event: Input): Promise<void> | undefined {
    if (topic.schema === undefined) return undefined;
    const what = `topic "${topic.name}": the event`;
    let result: StandardResult<unknown> | Promise<StandardResult<unknown>>;
    try {
      result = topic.schema["~standard"].validate(event);
    } catch (error) {
      throw new PubSubError("INVALID_MESSAGE", `topic "${topic.name}": the schema threw`, { cause: error });
    }
    if (result instanceof Promise) return result.then((settled) => void validatedValue(what, settled));
    validatedValue(what, result);
    return undefined;
  }

  /** Throws what `publish` would reject with before anything is sent, schema aside. */
  check<Input>(topic: Topic<Input, unknown>, event: Input, options: PublishOptions): void {
    this.#pendingPublish(topic, event, options);
  }

  async publishBatch<Input>(
    topic: Topic<Input, unknown>,
    entries: readonly PublishEntry<Input>[],
    signal: AbortSignal | undefined,
  ): Promise<readonly PublishResult[]> {
    const published = entries.map((entry) => {
      const options = signal === undefined ? entry : { ...entry, signal };
      return this.publish(topic, entry.event, options).then(
        (id): PublishResult => ({ ok: true, id }),
        (error: unknown): PublishResult => ({ ok: false, error }),
      );
    });
    return await Promise.all(published);
  }

  /** Waits for every publish under way to be answered, at most `timeoutMs`: then those left are rejected. Idempotent. */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const endMs = this.#options.clock.monotonicNow() + timeoutMs;
    await this.#window.drained(timeoutMs);
    await this.#publisher.close(Math.max(0, Math.floor(endMs - this.#options.clock.monotonicNow())));
  }

  #submit<Input>(topic: Topic<Input, unknown>, event: Input, options: PublishOptions): Promise<string> {
    let pending: PendingPublish;
    try {
      pending = this.#pendingPublish(topic, event, options);
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      pending.answerTo(resolve, reject, options.signal);
      if (this.#options.observer !== undefined) this.#observe(topic, pending, this.#options.observer);
      this.#window.admit(pending);
    });
  }

  #pendingPublish<Input>(topic: Topic<Input, unknown>, event: Input, options: PublishOptions): PendingPublish {
    if (this.#closing !== undefined) throw new PubSubError("CLOSED", `topic "${topic.name}": publish after close`);
    const { capabilities, clock, newId } = this.#options;
    const attributes =
      topic.attributes === undefined && options.attributes === undefined
        ? checkedAttributes(undefined, undefined, capabilities)
        : checkedAttributes(topic.attributes?.(event), options.attributes, capabilities);
    const key = topic.orderingKey === undefined ? undefined : checkedKey(topic, topic.orderingKey(event), capabilities);
    const nowMs = clock.now();
    const id = options.id === undefined ? newId(nowMs) : requireId(options.id);
    const pending = new PendingPublish(this.#window, id, encoded(topic, event), attributes, key, nowMs);
    pending.bytes = this.#publisher.sizeOf(pending);
    if (pending.bytes > capabilities.maxMessageBytes) {
      throw limitExceeded(`topic "${topic.name}": message`, capabilities.maxMessageBytes, pending.bytes, " bytes");
    }
    return pending;
  }

  #observe(topic: AnyTopic, pending: PendingPublish, observer: Observer): void {
    const { clock } = this.#options;
    const { id, bytes, publishTimeMs } = pending;
    const base = { topic: topic.name, id };
    const startedMs = clock.monotonicNow();
    observer({ ...base, type: "publish", bytes, atMs: publishTimeMs });
    pending.onAnswer = (error) => {
      const atMs = clock.now();
      const durationMs = clock.monotonicNow() - startedMs;
      if (error === undefined) observer({ ...base, type: "published", durationMs, atMs });
      else observer({ ...base, type: "publish-failed", error, atMs });
    };
  }
}

function encoded<Input>(topic: Topic<Input, unknown>, event: Input): Uint8Array {
  try {
    return topic.codec.encode(event);
  } catch (error) {
    const reason = error instanceof TypeError ? `: ${error.message}` : "";
    throw new PubSubError(
      "INVALID_MESSAGE",
      `topic "${topic.name}": the ${topic.codec.name} codec cannot encode the event${reason}`,
      {
        cause: error,
      },
    );
  }
}

function checkedKey(topic: AnyTopic, key: unknown, limits: Capabilities): string {
  if (typeof key !== "string" || key === "" || !key.isWellFormed()) {
    throw new TypeError(
      `topic "${topic.name}": orderingKey returned ${shown(key)}: must be well-formed text, not empty`,
    );
  }
  const bytes = Buffer.byteLength(key);
  if (bytes > limits.maxOrderingKeyBytes) {
    throw limitExceeded(`topic "${topic.name}": ordering key`, limits.maxOrderingKeyBytes, bytes, " bytes");
  }
  return key;
}
