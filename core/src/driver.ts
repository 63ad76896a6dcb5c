/**
 * The contract between core and an adapter. Interfaces and their promises, and the few values both sides need.
 *
 * Core does: encoding, validation, limits, ids, the publish window, batching, per-key pause, concurrency, key lanes,
 * lease timing, the retry schedule, dead-letter records, redrive, drain, observation. A driver translates to its
 * broker, does natively what its broker does better, maps errors, and supervises its connection.
 *
 * Glossary. *Topic*: what is published to. *Subscription*: a named, durable cursor on one topic, with its own
 * dead-letter queue. *Worker*: one open subscriber. *Delivery*: one handing-over of a message to a worker. *Settle*:
 * end a delivery by ack, retry or release. *Lease*: the time a delivery belongs to a worker. *Letter*: a message in a
 * dead-letter queue.
 *
 * Rules for every method below. Errors are `PubSubError`s, mapped by one table of the adapter. Drivers do not retry
 * what core can see (a publish, a settle); they do repair their connection for ever. All methods may be called
 * concurrently. `close` methods are idempotent, work while disconnected, and never reject. Like `stop` they are given
 * `timeoutMs`, the time that is left of core's one bound for closing (0 when nothing is left: at once), and keep it whatever the line
 * or the broker does: a polite goodbye first, then the socket is destroyed. No 'error' event of a client library may
 * go unheard.
 */
import type { Capabilities } from "./contract/capabilities.ts";
import type { Clock } from "./base/clock.ts";
import type { ConnectionState } from "./contract/connection-state.ts";
import type { PubSubError } from "./base/errors.ts";
import type { Logger } from "./base/logger.ts";
import type { OutgoingMessage, StoredMessage } from "./contract/message.ts";
import type { SubscriptionSpec, Topology, TopicSpec, TopologyChange } from "./contract/topology.ts";
import type { TopologyExporter } from "./contract/topology-exporter.ts";

/** A publish on its way. Exactly one of `accept` and `reject` must be called, once, for every request, whatever happens. */
export interface PublishRequest extends OutgoingMessage {
  /** The broker has durably accepted the message. */
  accept(): void;
  /** It has not, or nobody knows (`TIMEOUT`, `UNAVAILABLE`). */
  reject(error: PubSubError): void;
  /** Whether core still waits for an answer. A driver may forget a request, and skip one it has not sent, once this is false. */
  readonly awaited: boolean;
}

export interface DriverPublisher {
  /** Bytes of the message as the broker counts them, with this adapter's encoding and metadata. Called for every publish: must be cheap. */
  sizeOf(message: OutgoingMessage): number;
  /**
   * Why the broker could never take a message that keeps to the capabilities: `LIMIT_EXCEEDED`, naming limit and actual value, for
   * limits that no capability can express. Core asks before anything is sent, also to a mirror, and pauses no key for it. Left
   * out where there is none; where present, called for every publish: must be cheap.
   */
  refusal?(message: OutgoingMessage): PubSubError | undefined;
  /**
   * Hands a batch to the broker and returns at once; never throws. The batch holds 1 to `publishBatch.maxMessages`
   * messages of together at most `publishBatch.maxBytes`, at most one per ordering key, and core never has two of one
   * key under way. The array may be kept. A rejection of one message must not reject its neighbours. Core bounds the
   * number of requests under way, and gives up waiting after its publish timeout; a later accept is then ignored.
   * While disconnected: reject with `UNAVAILABLE` rather than queue.
   */
  publish(batch: readonly PublishRequest[]): void;
  /** Called when no request is under way. Resolves within `timeoutMs`, see the rules at the top. */
  close(timeoutMs: number): Promise<void>;
}

/** One delivery in core's hands: what came, as plain data, and whom to tell how it ends. */
export interface DriverDelivery extends StoredMessage {
  /** 1 for the first delivery of a message to this subscription, true across workers, crashes and restarts of the broker. */
  readonly attempt: number;
  /** Why the message's metadata cannot be read: core dead-letters it at once, as `"undecodable"`, with `body` and `attributes` as they are here. */
  readonly undecodable?: Error | undefined;
  /** Settles it. */
  readonly owner: DeliveryOwner;
}

/**
 * Settles deliveries, for a worker or a whole subscription. It is part of the delivery because deliveries may come before
 * `openSubscriber` resolves, and their settles too.
 *
 * Core settles each delivery exactly once, by `ack`, `retry` or `release`, unless it was revoked. A settle is called as soon
 * as the outcome is known, before core lets the message's key go on: what it revokes has not started. The delivery's place in
 * `maxOutstanding` is free at once. Writing to the broker may wait, so that several settles go out together.
 *
 * A settle returns `undefined` when it was handed to the connection and no confirmation will come. Otherwise it returns a
 * promise that resolves on the broker's confirmation and rejects with `LEASE_LOST` (known to be no longer ours) or
 * `UNAVAILABLE` (unknown). It never throws. A settle after a reconnect that invalidated the delivery must reject with
 * `LEASE_LOST` and must never settle another message.
 *
 * A success counts, however late: core calls `ack` also when the lease has ended, and once after `revoke` or `revokeAll`
 * when the handler succeeded after all. The driver tries it where the broker may still accept it for this message, and
 * otherwise rejects with `LEASE_LOST`. A late `retry` or `release` gives back only what is certainly still its own.
 */
export interface DeliveryOwner<Delivery extends DriverDelivery = DriverDelivery> {
  /**
   * Done. On an exactly-once subscription a promise is required: with `Capabilities.ack` `"confirmed"` it resolves when the ack is
   * durable, with `"sent"` when the broker has worked up to it; what a crash then brings back, the inbox recognises.
   */
  ack(delivery: Delivery): Promise<void> | undefined;
  /** Failed: deliver again, to any worker, no sooner than `delayMs` from now, with `attempt` one higher. The wait must not hold a place of `maxOutstanding`, nor delay other messages. */
  retry(delivery: Delivery, delayMs: number): Promise<void> | undefined;
  /**
   * Not started: deliver again at once, to another worker where there is one, without spending an attempt where the
   * broker allows. With `leaseEnded`, core knows that its lease has ended (the process was held up), and it may be
   * another's: the driver frees its place and tells the broker nothing that could disturb that one.
   */
  release(delivery: Delivery, leaseEnded: boolean): Promise<void> | undefined;
  /**
   * With `orderedRetry: "core"` only, asked just before `retry`: true when the broker can delay this one by itself. Core
   * then lets go of it and passes the delay, as with `"broker"`. The broker keeps its key closed, and core holds no successor.
   */
  retriesAtBroker?(delivery: Delivery): boolean;
}

/** Core's side of a subscriber. All methods return at once and never throw. */
export interface DeliverySink {
  /** One message. The driver must not have more than `maxOutstanding` unsettled deliveries with core. */
  deliver(delivery: DriverDelivery): void;
  /**
   * The delivery was lost to this worker (its lease, or its key's predecessor failed). Core forgets it and will not
   * settle it; when its handler runs, its signal is aborted. Returns true when no handler had started.
   */
  revoke(delivery: DriverDelivery): boolean;
  /** Everything core holds was lost at once (connection ended, leadership passed on). On ordered subscriptions also forgets which messages core is waiting for. */
  revokeAll(): void;
  /** The subscriber cannot receive: `error` says why, in words for `health()` and the log. The driver goes on trying, slowly for fatal errors. */
  failing(error: PubSubError): void;
  /** It receives (again). `reconnected` true when a connection had been lost in between. */
  receiving(reconnected: boolean): void;
}

export interface SubscriberOptions {
  /** Upper bound of unsettled deliveries with core at any time: handlers plus prefetch. At least 1. */
  readonly maxOutstanding: number;
}

/**
 * One worker on a subscription.
 *
 * On a subscription whose topic is `ordered`, for each ordering key: deliveries come in publish order; no two workers
 * hold messages of it at the same time; after `retry` of a message, it is redelivered before any successor that core
 * does not already hold. With `orderedRetry: "core"` it is redelivered to this worker at once, and successors that core
 * holds stay valid; with `"broker"`, the driver revokes those. Messages without a key are not ordered. When a worker
 * takes over from another, it delivers nothing of a key before it knows of that key's older unsettled messages.
 */
export interface DriverSubscriber {
  /** Renews the leases of these deliveries for `ackDeadlineMs` from now. Fire and forget: a lease found lost is revoked on the sink. Called about every third of `ackDeadlineMs` with everything core holds. No-op where leases last as long as the connection. */
  extend(deliveries: readonly DriverDelivery[]): void;
  /** Ends intake. When it resolves, no `deliver` will be called any more; what arrived meanwhile was delivered or given back to the broker. Resolves within `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
  /** After `stop` and after every settle was called: flushes settles, gives back what is left, lets go of the broker's resources of this worker. Resolves within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** A letter under a lease of at least 30 s. Settled once. */
export interface TakenLetter extends StoredMessage {
  /** Tells this letter from all others, also after it was put back and taken again: ids are what publishers chose. A copy that `store` makes may have another. @default id and publish time */
  readonly mark?: string | undefined;
  /** Deletes it; resolves when that is certain. */
  remove(): Promise<void>;
  /** Leaves it in the dead-letter queue, visible to others at once. */
  putBack(): Promise<void>;
}

/** The dead-letter queue of one subscription. */
export interface DriverDeadLetters {
  /** Stores a copy; resolves when it is durable. Storing one id twice may leave two letters. */
  store(letter: OutgoingMessage): Promise<void>;
  /** How many letters there are, see `Capabilities.deadLetterCount`. */
  count(): Promise<number>;
  /**
   * Up to `limit` (1 to 1,000) letters without removing them; oldest first where the broker has an order. Left out where the
   * broker cannot look without taking: core takes them and puts them back.
   */
  peek?(limit: number): Promise<readonly StoredMessage[]>;
  /**
   * Up to `limit` (1 to 1,000) letters that nobody else has taken: what is there now. When there is none, a driver whose
   * broker has a long poll waits for the first up to `waitMs`, 0 to 1,000. Core goes on asking until there was none for
   * about a second.
   */
  take(limit: number, waitMs: number): Promise<readonly TakenLetter[]>;
  /** Whether an empty answer of `take` is certain: then core does not ask again. @default false */
  readonly emptyIsCertain?: boolean;
  /** Puts a message back to *this* subscription alone, as new (attempt 1), same id, key and publish time, past any deduplication window; resolves when it is durable. */
  redeliver(message: OutgoingMessage): Promise<void>;
  /** Deletes every letter and returns how many there were. Left out where the broker has no better means: core takes and removes them. */
  purge?(): Promise<number>;
  /** Left out where nothing is to be closed. */
  close?(timeoutMs: number): Promise<void>;
}

/** An open connection to a broker. */
export interface Driver {
  /** Broker program and version as the server tells it, `"nats-server 2.9.10"`; for `doctor` and the conformance matrix. */
  readonly server: string;
  /** The client library's own object: the escape hatch. Belongs to the driver, which closes it unless it was handed in. */
  readonly native: unknown;
  /** What `plan` cannot see of this broker, in words, and how to look at it by hand, for `doctor`; left out where it sees everything. */
  readonly blindSpot?: string | undefined;
  /** Compares; changes nothing. Empty when everything declared exists and fits. */
  plan(topology: Topology, signal?: AbortSignal): Promise<readonly TopologyChange[]>;
  /** Creates what is missing, and with `update` changes what can be changed in place; returns what was done. Safe against others doing the same at the same time. Never deletes. With `"replace"` differences: leaves them alone. */
  apply(topology: Topology, options: { readonly update: boolean }): Promise<readonly TopologyChange[]>;
  /** Deletes the resources of the topology, with their messages; returns the names of what was there. */
  destroy(topology: Topology): Promise<readonly string[]>;
  /** Rejects with `NOT_FOUND` when the topic does not exist, at the latest on the first publish. No admin call. */
  openPublisher(topic: TopicSpec): Promise<DriverPublisher>;
  /** Rejects with `NOT_FOUND` when the subscription does not exist. Deliveries may start before it resolves. While disconnected: waits for the connection. No admin call that changes anything. */
  openSubscriber(
    subscription: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
  ): Promise<DriverSubscriber>;
  openDeadLetters(subscription: SubscriptionSpec): Promise<DriverDeadLetters>;
  /** Called after everything opened was closed. Resolves within `timeoutMs`; afterwards no socket, timer or process of this driver is left. */
  close(timeoutMs: number): Promise<void>;
}

/** What core gives a driver. */
export interface DriverContext {
  /** Everything that a driver of ours measures or waits for goes by it; only what a client library is told goes by the system's. */
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  /** Reports the connection's state, for `health()` and the observer. `"degraded"`: works, but the broker has announced trouble (blocked, lame duck). `error` is required with anything but `"up"`. */
  status(state: ConnectionState, error?: PubSubError): void;
}

/** What an adapter's factory returns and `connect` takes: a broker, configured but not yet connected. */
export interface Adapter {
  /** `"nats"`, `"memory"`, … */
  readonly name: string;
  readonly capabilities: Capabilities;
  /**
   * Connects, and rejects when the first connection cannot be had (`UNAVAILABLE`, `UNAUTHENTICATED`, …) within about
   * 10 s or when `signal` aborts; afterwards connection losses are repaired for ever, with jittered backoff.
   */
  open(context: DriverContext, signal?: AbortSignal): Promise<Driver>;
}

/** What every adapter package exports for `connect(url)`, as the constant `adapterModule`. */
export interface AdapterModule {
  /** URL schemes without the colon. */
  readonly schemes: readonly string[];
  /** Reads URL and options; throws `PubSubError` `INVALID_CONFIG` on anything unknown or malformed, naming it without secrets. Contacts nobody. */
  fromUrl(url: string, options?: unknown): Adapter;
  /** Reads URL and options as `fromUrl` does, for writing about a topology without contacting anybody. */
  exporter?(url: string, options?: unknown): TopologyExporter;
}

export type { SubscriptionSpec, Topology, TopicSpec, TopologyChange } from "./contract/topology.ts";
export type { ExportedPolicy, TopologyExporter } from "./contract/topology-exporter.ts";

export {
  type Attributes,
  type OutgoingMessage,
  type StoredMessage,
  DEAD_LETTER_ATTRIBUTE,
  RESERVED_ATTRIBUTE_PREFIX,
} from "./contract/message.ts";
export type { Capabilities } from "./contract/capabilities.ts";
export type { Clock, TimerHandle } from "./base/clock.ts";
export type { Logger } from "./base/logger.ts";
export { PubSubError, type PubSubErrorCode, type PubSubErrorOptions } from "./base/errors.ts";
export { percentDecode, percentEncode } from "./drivers/percent-encoding.ts";
export { Deque } from "./base/deque.ts";
export { type Held, HeldItems } from "./base/held-items.ts";
export { isPlainId } from "./contract/received.ts";
export { type LetterStore, storeLetter } from "./drivers/store-letter.ts";
export { NumberWindow } from "./drivers/number-window.ts";
export { CLOSE_GRACE_MS } from "./base/close-budget.ts";
export { ConnectionStatus } from "./drivers/connection-status.ts";
export { keepTrying } from "./base/keep-trying.ts";
export { pause } from "./base/pause.ts";
export { ReceivingReports } from "./drivers/receiving-reports.ts";
export { retryPauseMs } from "./base/retry-pause.ts";
export { timeLeft } from "./base/time-left.ts";
export { untilAborted } from "./base/until-aborted.ts";
export { requireWithin, within } from "./base/within.ts";
export { shown } from "./base/shown.ts";
export { decodedUrlPart } from "./adapter-options/decoded-url-part.ts";
export * as option from "./adapter-options/option-kinds.ts";
export type { OptionRule } from "./adapter-options/option-kinds.ts";
export { type Checked, checkOptions, type OptionTable } from "./adapter-options/option-table.ts";
export { type OptionsFromUrl, urlReader } from "./adapter-options/options-from-url.ts";
export { readPlaceUrl } from "./adapter-options/place-url.ts";
export { queryOptions } from "./adapter-options/query-options.ts";
