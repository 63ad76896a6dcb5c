import type {
  Adapter,
  Capabilities,
  DeliverySink,
  Driver,
  DriverContext,
  DriverDelivery,
  OutgoingMessage,
  PublishRequest,
  PubSubError,
  SeekPosition,
  StoredMessage,
  SubscriptionStatistics,
  TopologyChange,
} from "@anytopic/core/driver";

export const capabilities: Capabilities = Object.freeze({
  ordering: "per-key",
  orderedRetry: "core",
  exactlyOnce: "native",
  deduplicationWindowMs: 0,
  lease: "renewable",
  maxLeaseMs: 12 * 60 * 60 * 1000,
  ackDeadline: Object.freeze({ minMs: 1000, maxMs: 600_000 }),
  nackDelay: Object.freeze({ maxMs: 12 * 60 * 60 * 1000, granularityMs: 1 }),
  attempts: "exact",
  orderedAttempts: "broker",
  ack: "sent",
  maxMessageBytes: 1000,
  maxAttributes: 3,
  maxAttributeKeyBytes: 16,
  maxAttributeValueBytes: 32,
  maxOrderingKeyBytes: 16,
  publishBatch: Object.freeze({ maxMessages: 10, maxBytes: 2000, lingerMs: 0 }),
  publishDelay: "store",
  durability: "process",
  deadLetterCount: "exact",
  filter: "worker",
  replay: "none",
  statistics: Object.freeze({
    waiting: "exact",
    inFlight: "exact",
    delayed: "exact",
    oldestAgeMs: "exact",
    deadLetters: "exact",
  }),
});

/** What core did to a delivery. */
export interface Settle {
  readonly id: string;
  readonly attempt: number;
  readonly how: "ack" | "retry" | "release";
  readonly delayMs: number | undefined;
}

/** An adapter whose broker is the test: it sees every batch, and answers and delivers by hand. */
export class ScriptedAdapter implements Adapter {
  readonly name = "scripted";
  readonly capabilities: Capabilities;
  readonly batches: (readonly PublishRequest[])[] = [];
  readonly settles: Settle[] = [];
  readonly extended: string[][] = [];
  /** What core released because its lease has ended. */
  readonly endedLeases: string[] = [];
  readonly letters: OutgoingMessage[] = [];
  readonly applied: string[] = [];
  /** What is in the dead-letter queue, and what was put back from it. */
  readonly stored: StoredMessage[] = [];
  readonly redelivered: OutgoingMessage[] = [];
  maxOutstanding = 0;
  stopped = false;
  changes: readonly TopologyChange[] = [];
  /** What the driver answers to a settle; undefined as a fire-and-forget broker. */
  settleAnswer: (() => Promise<void>) | undefined;
  /** What the driver answers when it is asked. */
  retriesAtBroker = false;
  storeFailure: Error | undefined;
  /** What storing a letter waits for. */
  storing: Promise<void> | undefined;
  /** What the driver refuses by limits that no capability knows. */
  refusal: ((message: OutgoingMessage) => PubSubError | undefined) | undefined;
  /** What every `stop` and `close` of the driver does; it is told which, and how much time is left. */
  closing: ((what: string, timeoutMs: number) => Promise<void>) | undefined;
  /** What provisioning waits for. */
  opening: Promise<void> | undefined;
  /** What opening a subscriber waits for; it may be given deliveries meanwhile. */
  subscribing: Promise<void> | undefined;
  /** For how long the driver says that its receive loop is overdue, in ms. */
  overdueMs = 0;
  /** What the driver answers when it is asked for statistics. */
  stats: (() => Promise<SubscriptionStatistics>) | undefined;
  /** What the driver does when it is asked to seek. */
  seek: (() => Promise<void>) | undefined;
  /** Where it was asked to go. */
  readonly positions: SeekPosition[] = [];
  /** Dead-letter queues that were opened and not closed. */
  openLetters = 0;
  #sink: DeliverySink | undefined;
  #context: DriverContext | undefined;

  constructor(overrides: Partial<Capabilities> = {}) {
    this.capabilities = Object.freeze({ ...capabilities, ...overrides });
  }

  get sink(): DeliverySink {
    if (this.#sink === undefined) throw new Error("nobody has subscribed");
    return this.#sink;
  }

  get context(): DriverContext {
    if (this.#context === undefined) throw new Error("nobody has connected");
    return this.#context;
  }

  /** All requests handed over so far. */
  get requests(): PublishRequest[] {
    return this.batches.flat();
  }

  deliver(message: Partial<DriverDelivery> & { readonly id: string }, attempt = 1): DriverDelivery {
    const settle = (how: Settle["how"], delayMs?: number): Promise<void> | undefined => {
      this.settles.push({ id: message.id, attempt, how, delayMs });
      return this.settleAnswer?.();
    };
    const delivery: DriverDelivery = {
      body: Buffer.from("{}"),
      attributes: Object.create(null) as Record<string, string>,
      orderingKey: undefined,
      publishTimeMs: 0,
      native: undefined,
      ...message,
      attempt,
      owner: {
        ack: () => settle("ack"),
        retry: (_, delayMs) => settle("retry", delayMs),
        release: (_, leaseEnded) => {
          if (leaseEnded) this.endedLeases.push(message.id);
          return settle("release");
        },
        retriesAtBroker: () => this.retriesAtBroker,
      },
    };
    this.sink.deliver(delivery);
    return delivery;
  }

  async open(context: DriverContext): Promise<Driver> {
    this.#context = context;
    return {
      server: "scripted 1",
      native: this,
      plan: async () => this.changes,
      apply: async ({ topics, subscriptions }) => {
        await this.opening;
        this.applied.push(
          ...topics.map(({ name }) => name),
          ...subscriptions.map(({ name, topic }) => `${topic.name}/${name}`),
        );
        return [];
      },
      destroy: async () => [],
      seek: async (_, to) => {
        this.positions.push(to);
        await this.seek?.();
      },
      openPublisher: async () => ({
        sizeOf: (message) => message.body.byteLength,
        publish: (batch) => void this.batches.push(batch),
        close: async (timeoutMs) => await this.closing?.("publisher", timeoutMs),
        ...(this.refusal === undefined ? {} : { refusal: this.refusal }),
      }),
      openSubscriber: async (_subscription, sink, { maxOutstanding }) => {
        this.#sink = sink;
        this.maxOutstanding = maxOutstanding;
        await this.subscribing;
        return {
          overdueMs: () => this.overdueMs,
          extend: (deliveries) => void this.extended.push(deliveries.map(({ id }) => id)),
          stop: async (timeoutMs) => {
            this.stopped = true;
            await this.closing?.("stop", timeoutMs);
          },
          close: async (timeoutMs) => await this.closing?.("subscriber", timeoutMs),
        };
      },
      openDeadLetters: async () => ({
        opened: (this.openLetters += 1),
        store: async (letter) => {
          await this.storing;
          if (this.storeFailure !== undefined) throw this.storeFailure;
          this.letters.push(letter);
        },
        count: async () => this.letters.length,
        peek: async () => this.stored,
        emptyIsCertain: true,
        take: async () =>
          this.stored.splice(0).map((letter) => ({
            ...letter,
            remove: async () => {},
            putBack: async () => void this.stored.push(letter),
          })),
        redeliver: async (message) => void this.redelivered.push(message),
        purge: async () => 0,
        close: async (timeoutMs) => {
          this.openLetters -= 1;
          await this.closing?.("letters", timeoutMs);
        },
      }),
      ...(this.stats === undefined ? {} : { stats: this.stats }),
      close: async (timeoutMs) => await this.closing?.("driver", timeoutMs),
    };
  }
}
