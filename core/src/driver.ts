// Over 300 lines: the contract between core and drivers is read as one text.
/**
 * The contract between core and an adapter: the interfaces with their promises, and what both sides share.
 *
 * Core does encoding, validation, limits, ids, the publish window, batching, the pause of a key after a failed publish,
 * concurrency, order by key, lease timing, the retry schedule, dead-letter records, redrive, closing and observation. A driver
 * translates for its broker, does natively what its broker does better, maps errors, and repairs its connection.
 *
 * Glossary. *Topic*: what is published to. *Subscription*: a named consumer group of one topic, with its own dead-letter queue.
 * *Worker*: one open subscriber. *Delivery*: one message given to one worker, once. *Settle*: end a delivery by ack, retry or
 * release. *Lease*: the time in which a delivery belongs to a worker. *Letter*: a message in a dead-letter queue.
 *
 * Rules for every method below. Errors are `PubSubError`s, mapped in one file of the adapter. Drivers do not retry a publish or a
 * settle, because core sees its failure; they repair their connection without end. All methods may be called concurrently.
 * `close` methods are idempotent, work while disconnected, and never reject. `close` and `stop` get `timeoutMs`: the time that is
 * left for closing, 0 when none is left. They keep it whatever the network or the broker does: first they close in the broker's
 * own way, then they destroy the socket. A driver must listen to every 'error' event of its client library.
 */
import type { Capabilities } from "./contract/capabilities.ts";
import type { DriverPublisher } from "./contract/driver-publisher.ts";
import type { DriverSchedule } from "./contract/driver-schedule.ts";
import type { DriverContext } from "./contract/driver-context.ts";
import type { PubSubError } from "./base/errors.ts";
import type { OutgoingMessage, StoredMessage } from "./contract/message.ts";
import type { SeekPosition } from "./contract/seek-position.ts";
import type { SubscriptionStatistics } from "./contract/statistics.ts";
import type { SubscriptionSpec, Topology, TopicSpec, TopologyChange } from "./contract/topology.ts";
import type { TopologyExporter } from "./contract/topology-exporter.ts";

/** One delivery, as plain data, with the owner that settles it. */
export interface DriverDelivery extends StoredMessage {
  /** 1 for the first delivery of a message to this subscription. Counts on across workers, crashes and restarts of the broker. */
  readonly attempt: number;
  /** Why the message's metadata cannot be read. Core then dead-letters the message at once, as `"undecodable"`, with this `body` and these `attributes`. */
  readonly undecodable?: Error | undefined;
  /** Settles it. */
  readonly owner: DeliveryOwner;
}

/**
 * Settles deliveries, of one worker or of a whole subscription. Every delivery carries its owner, because deliveries and their
 * settles may come before `openSubscriber` resolves.
 *
 * Core settles each delivery exactly once, by `ack`, `retry` or `release`, unless it was revoked. It settles as soon as the
 * outcome is known, and before the next message of the key starts: so a message that the driver revokes in a settle has not
 * started. The delivery no longer counts for `maxOutstanding`. The driver may delay the write, to send several settles together.
 * After `DriverSubscriber.close` core settles nothing.
 *
 * A settle returns `undefined` when it was given to the connection and no confirmation will follow. Otherwise it returns a promise
 * that resolves when the broker confirms, and rejects with `LEASE_LOST` (the message belongs to another worker) or `UNAVAILABLE`
 * (unknown). It never throws. When a reconnect has invalidated the delivery, a settle must reject with `LEASE_LOST` and must never
 * settle another message.
 *
 * A success counts, however late. Core also calls `ack` after the lease has expired, and once after `revoke` or `revokeAll` when
 * the handler succeeds after that. The driver sends it where the broker may still accept it for this message, and otherwise
 * rejects with `LEASE_LOST`. A late `retry` or `release` must not touch a message that may belong to another worker.
 */
export interface DeliveryOwner<Delivery extends DriverDelivery = DriverDelivery> {
  /**
   * Acknowledges. On an exactly-once subscription it must return a promise. With `Capabilities.ack` `"confirmed"` the promise
   * resolves when the ack is durable. With `"sent"` it resolves when the broker has received the ack; the inbox recognises a
   * message that is redelivered after a crash.
   */
  ack(delivery: Delivery): Promise<void> | undefined;
  /** The attempt failed. Redelivers to any worker, not earlier than `delayMs` from now, with `attempt` one higher. A waiting message must not count for `maxOutstanding` and must not delay other messages. */
  retry(delivery: Delivery, delayMs: number): Promise<void> | undefined;
  /**
   * The handler did not start. Redelivers at once, to another worker where there is one, and counts no attempt where the broker
   * allows that. With `leaseEnded`, the lease has expired (the process was blocked) and another worker may have the message: the
   * driver then only forgets the delivery, and tells the broker nothing that could disturb that worker.
   */
  release(delivery: Delivery, leaseEnded: boolean): Promise<void> | undefined;
  /**
   * Only with `orderedRetry: "core"`. Called just before `retry`: true when the broker can delay this message itself. Core then
   * passes the delay to `retry`, as with `"broker"`. The broker delivers no other message of the key meanwhile, and core holds none.
   */
  retriesAtBroker?(delivery: Delivery): boolean;
}

/** Core's side of a subscriber, which the driver calls. All methods return at once and never throw. */
export interface DeliverySink {
  /** Gives one message to core. At most `maxOutstanding` deliveries may be unsettled at a time. */
  deliver(delivery: DriverDelivery): void;
  /**
   * The delivery no longer belongs to this worker: its lease was lost, or an earlier message of its key failed. Core forgets the
   * delivery and does not settle it; the signal of a running handler aborts. Returns true when no handler had started. In the same
   * turn, also in a late settle, the driver revokes the later messages of the key that core holds: else core starts the next one.
   */
  revoke(delivery: DriverDelivery): boolean;
  /** All deliveries that core holds were lost at once: the connection ended, or another worker leads now. On ordered subscriptions core also forgets the retries that it waits for. With `"seek"`, the subscription was put to another position: how the handlers of what is lost end no longer counts, and core does not settle them late. */
  revokeAll(cause?: "seek"): void;
  /** The subscriber cannot receive. `error` is shown by `health()` and in the log. The driver tries again without end, with long pauses when `error` is not `retryable`. */
  failing(error: PubSubError): void;
  /** The subscriber receives, or receives again. `reconnected`: whether a connection was lost meanwhile. */
  receiving(reconnected: boolean): void;
}

/** How `Driver.apply` creates. */
export interface ApplyOptions {
  /** Changes too what exists and can be changed in place. */
  readonly update: boolean;
  /**
   * A driver may call it when the broker has done its work, and what is left is waiting, for instance until a new queue is durable. Core
   * then begins with the next declaration: of those that a program opens at once, it has at most 16 in work. @default nobody is told
   */
  readonly onCreated?: (() => void) | undefined;
}

/** How many deliveries a subscriber may give to core. */
export interface SubscriberOptions {
  /** The largest number of unsettled deliveries: handlers plus prefetch. At least 1. */
  readonly maxOutstanding: number;
}

/**
 * One worker on a subscription.
 *
 * Promises for each ordering key of a subscription whose topic is `ordered`. Deliveries come in the order of publishing. No two
 * workers hold messages of one key at the same time. After `retry`, the message is redelivered before any later message of the key
 * that core does not already hold. With `orderedRetry: "core"` it is redelivered to this worker at once, and the later messages that
 * core holds stay valid; with `"broker"` the driver revokes them. A worker that takes over from another delivers nothing of a key
 * before it knows the older unsettled messages of that key. Messages without a key are not ordered.
 */
export interface DriverSubscriber {
  /** Renews the leases of these deliveries for `ackDeadlineMs` from now, without an answer: the driver revokes a lost delivery on the sink. Called about every `ackDeadlineMs / 3` with all deliveries that core holds. Does nothing where leases last as long as the connection. */
  extend(deliveries: readonly DriverDelivery[]): void;
  /**
   * For liveness: for how long the loop that asks the broker for messages is overdue, in ms, by the monotonic clock. 0 while a request is
   * open and within its time limit, while a timer will ask again, while there is no room, and while there is no connection: a broker
   * that does not answer is no reason. Called by `health()`: contacts nobody. Absent where the broker sends without being asked.
   */
  overdueMs?(): number;
  /** Stops receiving. After it has resolved, the driver does not call `deliver`; messages that arrived meanwhile were delivered or released. Resolves within `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
  /** Called after `stop` and after the last settle. Sends pending settles, releases unsettled messages, and frees this worker's resources on the broker. Resolves within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** A letter under a lease of at least 30 s. Core calls `remove` or `putBack`, once. */
export interface TakenLetter extends StoredMessage {
  /** Identifies this letter, also after it was put back and taken again; publishers choose ids, so an id is not enough. A copy that `store` makes may have another mark. @default id and publish time */
  readonly mark?: string | undefined;
  /** Deletes the letter. Resolves when that is certain; rejects with `LEASE_LOST` when the lease has expired. */
  remove(): Promise<void>;
  /** Leaves the letter in the dead-letter queue, where others can take it at once. */
  putBack(): Promise<void>;
}

/** Gets one letter of a scan. Returns whether it wants the next one. */
export type LetterVisit = (letter: StoredMessage) => boolean;

/** The dead-letter queue of one subscription. */
export interface DriverDeadLetters {
  /** Stores a letter. Resolves when it is durable. To store one id twice may leave two letters. */
  store(letter: OutgoingMessage): Promise<void>;
  /** How many letters there are, see `Capabilities.deadLetterCount`. */
  count(): Promise<number>;
  /**
   * Shows letters to `visit` without removing them, oldest first where the broker has an order: until it returns false, or `limit` (at least 1,
   * may be `Infinity`) were shown, or there are no more. In bounded memory. Absent where the broker cannot do that: core then takes letters
   * and puts them back.
   */
  scan?(limit: number, visit: LetterVisit): Promise<void>;
  /**
   * Takes up to `limit` (1 to 1,000) letters that nobody else has taken, without waiting for more. When there is none, a driver
   * whose broker has a long poll waits up to `waitMs` (0 to 1,000) for the first. Core asks again until there was none for about 1 s.
   */
  take(limit: number, waitMs: number): Promise<readonly TakenLetter[]>;
  /** Whether an empty result of `take` is certain, so that core does not ask again. @default false */
  readonly emptyIsCertain?: boolean;
  /** Sends a message to *this* subscription alone, with attempt 1 and the same id, key and publish time, although the id may be in the deduplication window. Resolves when it is durable. */
  redeliver(message: OutgoingMessage): Promise<void>;
  /** Deletes all letters and returns their number. Absent where the broker has no purge: core then takes and removes them. */
  purge?(): Promise<number>;
  /** Absent where there is nothing to close. */
  close?(timeoutMs: number): Promise<void>;
}

/** An open connection to a broker. */
export interface Driver<Native = unknown> {
  /** Program and version of the broker as it reports them, for example `"nats-server 2.9.10"`; for `doctor` and the conformance matrix. */
  readonly server: string;
  /** The client library's own object, for what this interface lacks. The driver closes it, unless the application has given it. */
  readonly native: Native;
  /** What `plan` cannot see on this broker, and how to look at it by hand, as a sentence for `doctor`. Absent where it sees everything. */
  readonly blindSpot?: string | undefined;
  /** Compares the declarations with what exists. Changes nothing. Empty when everything exists and matches. */
  plan(topology: Topology, signal?: AbortSignal): Promise<readonly TopologyChange[]>;
  /** Creates what is missing, and with `update` changes what can be changed in place. A filter at the broker that holds back what the declared one lets pass is changed without `update` too, or refused (`TOPOLOGY_MISMATCH`). Returns what was done. Several processes may do this at the same time. Never deletes, and leaves `"replace"` differences unchanged. */
  apply(topology: Topology, options: ApplyOptions): Promise<readonly TopologyChange[]>;
  /** Deletes the resources of the topology with their messages. Returns the names of those that existed. */
  destroy(topology: Topology): Promise<readonly string[]>;
  /** Rejects with `NOT_FOUND` when the topic does not exist; a driver may find that out at the first publish. Makes no admin call. */
  openPublisher(topic: TopicSpec): Promise<DriverPublisher>;
  /** Rejects with `NOT_FOUND` when the subscription does not exist. Deliveries may start before it resolves. While disconnected, it waits for the connection. Makes no admin call that changes anything. */
  openSubscriber(
    subscription: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
  ): Promise<DriverSubscriber>;
  openDeadLetters(subscription: SubscriptionSpec): Promise<DriverDeadLetters>;
  /** Rejects with `NOT_FOUND` when the topic does not exist; a driver may find that out at the first use. Present when `Capabilities.publishDelay` is an object. */
  openSchedule?(topic: TopicSpec): Promise<DriverSchedule>;
  /**
   * What the broker says about one subscription now, with `undefined` for every number that `Capabilities.statistics` calls
   * `"unknown"`. Called by whoever polls, every 15 s or so: one or two quick requests, of which none changes anything. Core stops
   * waiting after 5 s. Rejects with `NOT_FOUND` when the subscription does not exist. Absent where every number is unknown.
   */
  stats?(subscription: SubscriptionSpec): Promise<SubscriptionStatistics>;
  /**
   * Puts a subscription, whose topic has `replay`, to another position; see `SeekPosition`. Absent with the capability `replay: "none"`.
   */
  seek?(subscription: SubscriptionSpec, to: SeekPosition): Promise<void>;
  /** Called after everything that was opened is closed. Resolves within `timeoutMs`; after that, no socket, timer or process of this driver is left. */
  close(timeoutMs: number): Promise<void>;
}

/** A broker that is configured but not connected: the result of an adapter's factory, for `connect`. `Native` is the type of `PubSub.native`. */
export interface Adapter<Native = unknown> {
  /** `"nats"`, `"memory"`, … */
  readonly name: string;
  readonly capabilities: Capabilities;
  /**
   * Only with `Capabilities.filter: "broker"`. Why the broker does not apply this subscription's filter, or not all of it, for people:
   * `"more than 256 bytes"`. `undefined` when it applies all of it. Contacts nobody.
   */
  filterInWorker?(subscription: SubscriptionSpec): string | undefined;
  /**
   * Connects. Rejects when there is no connection within about 10 s (`UNAVAILABLE`, `UNAUTHENTICATED`, …), and when `signal`
   * aborts. A connection that is lost later is repaired without end, with jittered pauses.
   */
  open(context: DriverContext, signal?: AbortSignal): Promise<Driver<Native>>;
}

/** The constant `adapterModule` that every adapter package exports for `connect(url)`. */
export interface AdapterModule {
  /** URL schemes without the colon. */
  readonly schemes: readonly string[];
  /** Reads URL and options. Throws `PubSubError` `INVALID_CONFIG` when something is unknown or malformed, and names it without secrets. Contacts nobody. */
  fromUrl(url: string, options?: unknown): Adapter;
  /** Reads URL and options as `fromUrl` does. The exporter describes a topology for Terraform and for permissions, without a connection. */
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
export { EXPIRES_ATTRIBUTE, expiresMsOf, withoutExpiry } from "./contract/expiry.ts";
export type { BrokerDelay, Capabilities } from "./contract/capabilities.ts";
export type { DriverPublisher, MessageLimits, PublishRequest } from "./contract/driver-publisher.ts";
export type { DriverSchedule, ScheduleRequest } from "./contract/driver-schedule.ts";
export { type DueTime, MAX_PUBLISH_DELAY_MS, type ScheduledEntry, waitingMs } from "./contract/due.ts";
export type { FilterRule, FilterValue } from "./contract/filter.ts";
export type { DriverContext } from "./contract/driver-context.ts";
export type { SeekPosition } from "./contract/seek-position.ts";
export { type StatisticsKnown, type SubscriptionStatistics, UNKNOWN_STATISTICS } from "./contract/statistics.ts";
export type { Clock, TimerHandle } from "./base/clock.ts";
export type { Logger } from "./base/logger.ts";
export { PubSubError, type PubSubErrorCode, type PubSubErrorOptions } from "./base/errors.ts";
export { percentDecode, percentEncode } from "./drivers/percent-encoding.ts";
export { AtMost } from "./base/at-most.ts";
export { Deque } from "./base/deque.ts";
export { type Held, HeldItems } from "./base/held-items.ts";
export { isPlainId } from "./contract/received.ts";
export { type LetterStore, storeLetter } from "./drivers/store-letter.ts";
export { type MovingSubscription, MovingSubscriber } from "./drivers/moving-subscriber.ts";
export { NumberWindow } from "./drivers/number-window.ts";
export { CLOSE_GRACE_MS } from "./base/close-budget.ts";
export { ConnectionStatus } from "./drivers/connection-status.ts";
export { keepTrying } from "./base/keep-trying.ts";
export { pause } from "./base/pause.ts";
export { ReceivingReports } from "./drivers/receiving-reports.ts";
export { retryPauseMs } from "./base/retry-pause.ts";
export { timeLeft } from "./base/time-left.ts";
export { inNextTurn } from "./base/turns.ts";
export { untilAborted } from "./base/until-aborted.ts";
export { requireWithin, within } from "./base/within.ts";
export { shown } from "./base/shown.ts";
export { decodedUrlPart } from "./adapter-options/decoded-url-part.ts";
/** The kinds of options that a table of options has, each with its checks. */
export * as option from "./adapter-options/option-kinds.ts";
export type { OptionRule } from "./adapter-options/option-kinds.ts";
export { type Checked, checkOptions, type OptionTable } from "./adapter-options/option-table.ts";
export { type OptionsFromUrl, urlReader } from "./adapter-options/options-from-url.ts";
export { readPlaceUrl } from "./adapter-options/place-url.ts";
export { queryOptions } from "./adapter-options/query-options.ts";
export type { UrlForm } from "./adapter-options/url-form.ts";
