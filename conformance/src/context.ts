import { randomBytes, randomUUID } from "node:crypto";
import {
  connect,
  defineSubscription,
  defineTopic,
  MemoryInbox,
  PubSubError,
  silentLogger,
  type AnySubscription,
  type AnyTopic,
  type Capabilities,
  type InboxStore,
  type PubSub,
  type PublishOptions,
  type Subscription,
  type SubscriptionOptions,
  type Topic,
  type TopicOptions,
} from "@anytopic/core";
import type { ContextOptions, OpenOptions, PublishManyOptions, Sent, Tolerance } from "./context-options.ts";
import { Collector, type CollectOptions } from "./collector.ts";
import { EventLog } from "./event-log.ts";
import type { Harness } from "./harness.ts";
import { intercept } from "./intercept.ts";
import * as invariants from "./invariants.ts";
import { makeItem, type Item } from "./item.ts";
import { Monitor, type Traffic } from "./monitor.ts";
import { seededRandom, seedOf, type Random } from "./random.ts";
import { raise } from "./violation.ts";
import { eventually, hold, monotonicMs, quiet, withinDeadline } from "./wait.ts";

const DEFAULT_QUIET_MS = 3000;
const DEFAULT_DELIVERY_MS = 30_000;
/** What a loaded machine may add to any time that a broker measures. */
const LOADED_MACHINE_MS = 1000;

/** What one behaviour works with: connections, declarations with unique names, the event log, and the cleanup. */
export class Context {
  readonly harness: Harness;
  readonly capabilities: Capabilities;
  readonly random: Random;
  readonly log: EventLog = new EventLog();
  readonly signal: AbortSignal;
  readonly idleMs: number;
  readonly #faults: boolean;
  readonly #monitor = new Monitor();
  readonly #prefix: string;
  readonly #opened: PubSub[] = [];
  readonly #declared = new Map<string, AnyTopic | AnySubscription>();
  readonly #collected = new Map<string, AnySubscription>();
  readonly #tolerated = new Set<Tolerance>();
  #inbox: InboxStore | undefined;
  #names = 0;
  #seq = 0;

  constructor(harness: Harness, { id, seed, signal, idleMs, faults }: ContextOptions) {
    this.harness = harness;
    this.capabilities = harness.capabilities;
    this.random = seededRandom(seedOf(id, seed));
    this.signal = signal;
    this.idleMs = idleMs;
    this.#faults = faults;
    // Unique over runs, short enough for every broker's own additions: c-3f9a2b71-publish-roundtri-1
    this.#prefix = `c-${randomBytes(4).toString("hex")}-${id.replaceAll(".", "-").slice(0, 24)}`;
  }

  /** How long nothing must happen before the suite concludes that nothing happens, in ms. */
  get quietMs(): number {
    return this.harness.slack.quietMs ?? DEFAULT_QUIET_MS;
  }

  /** How long a message may take when nothing is wrong, in ms. */
  get deliveryMs(): number {
    return this.harness.slack.deliveryMs ?? DEFAULT_DELIVERY_MS;
  }

  /** How much later than its longest permitted delay a retry may be, in ms. */
  get lateMs(): number {
    return this.harness.slack.retryUpperMs + LOADED_MACHINE_MS;
  }

  /** The shortest lease that the adapter permits and a loaded machine can renew in time, in ms. */
  get shortLeaseMs(): number {
    return Math.max(this.capabilities.ackDeadline.minMs, 2000);
  }

  /** A retry delay that is long enough to measure and short enough to wait for, in whole steps of the broker, in ms. */
  retryStepMs(atLeastMs = 200): number {
    const { granularityMs } = this.capabilities.nackDelay;
    return Math.ceil(atLeastMs / granularityMs) * granularityMs;
  }

  /** What passed between core and the drivers of this behaviour. */
  get traffic(): Traffic {
    return this.#monitor.traffic;
  }

  async open(options: OpenOptions = {}): Promise<PubSub> {
    const { throughProxy = false, intercept: wrap, ...rest } = options;
    const made = this.harness.adapter({ throughProxy, faults: this.#faults });
    const adapter = this.#monitor.watch(wrap === undefined ? made : intercept(made, wrap));
    const pubsub = await connect(adapter, {
      closeTimeoutMs: 5000,
      logger: silentLogger,
      ...(this.capabilities.exactlyOnce === "inbox" ? { inbox: this.inbox } : {}),
      signal: this.signal,
      ...rest,
      observer: (event) => {
        this.log.append({ type: "observed", event });
        rest.observer?.(event);
      },
    });
    this.#opened.push(pubsub);
    return pubsub;
  }

  /** One inbox for the whole behaviour, as several processes share with one database. */
  get inbox(): InboxStore {
    const inbox = this.#inbox ?? this.harness.inbox?.() ?? new MemoryInbox();
    this.#inbox = inbox;
    return inbox;
  }

  /** A name that no other behaviour or run has. */
  name(): string {
    return `${this.#prefix}-${(this.#names += 1)}`;
  }

  topic(options: TopicOptions<Item> & { readonly name?: string } = {}): Topic<Item> {
    const { name = this.name(), ...rest } = options;
    return this.declare(defineTopic<Item>(name, rest));
  }

  /** Ordered by the items' key. */
  orderedTopic(options: TopicOptions<Item> = {}): Topic<Item> {
    return this.topic({ ...options, orderingKey: (item) => item.key });
  }

  /** Fast, endless retries unless `options` says otherwise. */
  subscription<Input, Output>(
    topic: Topic<Input, Output>,
    options: SubscriptionOptions & { readonly name?: string } = {},
  ): Subscription<Output> {
    const { name = `s-${(this.#names += 1)}`, ...rest } = options;
    const { ackDeadline, maxLeaseMs } = this.capabilities;
    const ackDeadlineMs = Math.min(Math.max(30_000, ackDeadline.minMs), ackDeadline.maxMs);
    const maxHandlingMs = Math.min(3_600_000, maxLeaseMs);
    const stepMs = this.retryStepMs();
    const retryPolicy = { minBackoffMs: stepMs, maxBackoffMs: stepMs, maxRetries: Infinity, jitter: 0 };
    return this.declare(
      defineSubscription(topic, name, {
        ackDeadlineMs,
        maxHandlingMs,
        ...rest,
        retryPolicy: { ...retryPolicy, ...rest.retryPolicy },
      }),
    );
  }

  /** Remembers a declaration for the cleanup. */
  declare<Declaration extends AnyTopic | AnySubscription>(declaration: Declaration): Declaration {
    const owner = declaration.kind === "subscription" ? declaration.topic.name : "";
    this.#declared.set(`${owner}/${declaration.name}`, declaration);
    return declaration;
  }

  /** A connection, a topic and one existing subscription: where most behaviours start. */
  async pair(
    options: SubscriptionOptions = {},
    topicOptions: TopicOptions<Item> = {},
    openOptions: OpenOptions = {},
  ): Promise<{ readonly pubsub: PubSub; readonly topic: Topic<Item>; readonly subscription: Subscription<Item> }> {
    const pubsub = await this.open(openOptions);
    const topic = this.topic(topicOptions);
    const subscription = this.subscription(topic, options);
    await pubsub.apply([topic, subscription]);
    return { pubsub, topic, subscription };
  }

  item(key = "k", pad = ""): Item {
    return makeItem(this.#prefix, this.#seq++, key, pad);
  }

  /** Publishes one and records what the publisher was told. */
  async publishItem(pubsub: PubSub, topic: Topic<Item>, item: Item, options: PublishOptions = {}): Promise<Sent> {
    const about = { topic: topic.name, seq: item.seq };
    this.log.append({ type: "publish-start", ...about, key: item.key });
    try {
      const id = await pubsub.publish(topic, item, { signal: this.signal, ...options });
      this.log.append({ type: "publish-ok", ...about, id });
      return { id, item };
    } catch (error) {
      this.log.append({ type: "publish-error", ...about, error });
      throw error;
    }
  }

  /** Publishes several at once; all must be accepted. Messages of one key keep their order. */
  publish(pubsub: PubSub, topic: Topic<Item>, count: number, options: PublishManyOptions = {}): Promise<Sent[]> {
    const { key = () => "k", pad, ...rest } = options;
    const items = Array.from({ length: count }, (_, index) => this.item(key(index), pad));
    return Promise.all(items.map((item) => this.publishItem(pubsub, topic, item, rest)));
  }

  /** Publishes with one id until the broker accepts it, as an application does in an outage; only retryable errors are retried. */
  async publishUntilAccepted(pubsub: PubSub, topic: Topic<Item>, item: Item, deadlineMs = 90_000): Promise<Sent> {
    const id = randomUUID();
    const endMs = monotonicMs() + deadlineMs;
    for (;;) {
      try {
        return await this.publishItem(pubsub, topic, item, { id });
      } catch (error) {
        if (!(error instanceof PubSubError && error.retryable) || monotonicMs() > endMs) throw error;
      }
      await hold(50, this.signal);
    }
  }

  /** Opens a worker that records what it gets. Its invariants are checked at the end. */
  collect(pubsub: PubSub, subscription: Subscription<Item>, options: CollectOptions = {}): Promise<Collector> {
    const { handle, ...rest } = options;
    this.#names += 1;
    this.#collected.set(subscription.name, subscription);
    const wait = { deadlineMs: this.deliveryMs, signal: this.signal };
    const collector = new Collector(`worker-${this.#names}`, subscription, this.log, wait, handle);
    return collector.start(pubsub, rest);
  }

  eventually<Value>(
    condition: () => Value | Promise<Value>,
    what: string | (() => string),
    deadlineMs: number = this.deliveryMs,
  ): Promise<Value> {
    return eventually(condition, what, { deadlineMs, signal: this.signal });
  }

  /** Resolves once no handler has started or ended for `windowMs`. */
  quiet(windowMs: number = this.quietMs): Promise<void> {
    return quiet(() => this.log.handlerActivity, windowMs, {
      deadlineMs: windowMs + this.deliveryMs,
      signal: this.signal,
    });
  }

  within<Value>(promise: PromiseLike<Value>, what: string, deadlineMs: number = this.deliveryMs): Promise<Value> {
    return withinDeadline(promise, what, { deadlineMs, signal: this.signal });
  }

  /** What a slow handler does. */
  work(durationMs: number): Promise<void> {
    return hold(durationMs, this.signal);
  }

  tolerate(...what: readonly Tolerance[]): void {
    for (const one of what) this.#tolerated.add(one);
  }

  /** Nothing accepted was lost on this subscription. */
  assertNothingLost(topic: AnyTopic, subscription: AnySubscription): void {
    raise(invariants.lost(this.log.entries, topic.name, subscription.name));
  }

  /** With `ignoreCompleted`, messages that are redelivered after their completion (C11's loss window) are ignored. */
  assertKeyOrder(subscription: AnySubscription, options: { readonly ignoreCompleted?: boolean } = {}): void {
    raise(invariants.keyOrder(this.log.entries, subscription.name, options.ignoreCompleted ?? false));
  }

  /** The invariants of every behaviour. */
  assertInvariants(): void {
    const log = this.log.entries;
    const tolerated = this.#tolerated;
    const exact = this.capabilities.attempts === "exact" && !tolerated.has("skipped-attempts");
    raise([
      ...this.#monitor.violations,
      ...[...this.#collected.keys()].flatMap((subscription) => [
        ...invariants.foreign(log, subscription),
        ...(tolerated.has("duplicates") ? [] : invariants.duplicates(log, subscription)),
        ...(tolerated.has("repeated-attempts") ? [] : invariants.attempts(log, subscription, exact)),
        ...(tolerated.has("unfinished") ? [] : invariants.unfinished(log, subscription)),
      ]),
    ]);
  }

  /** Closes every connection; handlers that still run get 5 s. */
  async closeAll(): Promise<void> {
    await Promise.all(this.#opened.map((pubsub) => pubsub.close()));
  }

  /** Deletes from the broker what was declared. */
  async destroyAll(): Promise<void> {
    if (this.#declared.size === 0) return;
    const pubsub = await connect(this.harness.adapter(), { provisioning: "off", signal: AbortSignal.timeout(20_000) });
    try {
      await pubsub.destroy([...this.#declared.values()]);
    } finally {
      await pubsub.close();
    }
  }
}
