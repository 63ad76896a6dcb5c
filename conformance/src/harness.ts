/**
 * What the author of an adapter gives to the suite: a broker, ways to reach and to break it, and a list of what this
 * implementation of the broker cannot do. The suite handles messages only through core; everything here is about the
 * broker.
 */
import type { Capabilities, InboxStore, ScheduleStore } from "@anytopic/core";
import type { Adapter, Attributes } from "@anytopic/core/driver";
import type { Random } from "./random.ts";

/** How late this implementation may be. Nothing may be early: lower bounds have no slack. */
export interface Slack {
  /**
   * How much later than its longest permitted delay a retry may arrive, in ms. Typical values: memory 100, NATS 300,
   * RabbitMQ 500, GCP 2,000, SQS 2,000. The suite adds a second for a loaded machine.
   */
  readonly retryUpperMs: number;
  /**
   * How long nothing must happen before the suite concludes that nothing happens, in ms. @default 3,000; smaller only
   * for a broker in this process
   */
  readonly quietMs?: number;
  /** How long a message may take when nothing is wrong, in ms. @default 30,000 */
  readonly deliveryMs?: number;
}

/**
 * A behaviour that this implementation of the broker cannot show, through no fault of the adapter. It still runs and
 * must fail. If it passes, the run fails, so that no quirk stays after its cause was fixed.
 */
export interface Quirk {
  /** The id of a behaviour, `"ordering.across-retries"`. An unknown one is an error. */
  readonly test: string;
  /** What the broker does instead. */
  readonly reason: string;
  /** Where that is documented or reported. */
  readonly link: string;
  /** `"broker"`: the real service does the same. `"emulator"`: the real service is known to be correct. */
  readonly kind: "broker" | "emulator";
  /** The behaviour would not end, or would harm others: it is listed, but does not run. */
  readonly hangs?: true;
}

/** Parts of a harness that some behaviours need. */
export type Facility =
  | "broker"
  | "process"
  | "proxy"
  | "stats"
  | "foreign"
  | "hostile"
  | "unreachable"
  | "deleteDeadLetters";

/** How a behaviour wants its adapter. */
export interface AdapterRequest {
  /** Connect through `Harness.proxy`. @default directly */
  readonly throughProxy?: boolean;
  /**
   * The behaviour kills, stops or cuts something. Then times after which a fault is assumed may be short, such as the
   * lease of a leader. Otherwise they should be as long as in production: a loaded machine must not look like a
   * fault. @default false
   */
  readonly faults?: boolean;
}

/** Kills the broker as a crash would, and brings it back with the state that it had made durable. */
export interface BrokerControl {
  /** SIGKILL or similar; resolves when nothing answers. */
  kill(): Promise<void>;
  /** Resolves when it answers again, at the same address. */
  start(): Promise<void>;
  /** SIGSTOP or similar: connections stay open, and nothing is answered until `thaw`. */
  readonly freeze?: (() => Promise<void>) | undefined;
  /** Resolves when the broker runs again; no effect if it is not frozen. */
  readonly thaw?: (() => Promise<void>) | undefined;
  /** Takes the broker's disk space away, or lets it believe so; for chaos schedules. Its memory of messages stays. */
  readonly fillDisk?: (() => Promise<void>) | undefined;
  /** Gives it back; no effect if it was not taken. */
  readonly freeDisk?: (() => Promise<void>) | undefined;
}

/** How a separate process makes an adapter for the same broker. */
export interface ProcessAdapter {
  /** URL of a module that exports `adapter(args)`, which returns one, or a promise of one. */
  readonly module: string;
  /** JSON. */
  readonly args: unknown;
}

/** A TCP proxy before the broker; `createTcpProxy` of this package makes one. */
export interface NetworkProxy {
  /** Clients connected now. */
  readonly connections: number;
  /** Ends every connection; resolves when new ones are refused, until `heal`. */
  cut(): Promise<void>;
  /** Keeps connections open and lets nothing through in either direction until `heal` (a half-open connection). */
  blackhole(): void | Promise<void>;
  /** Delays everything by this much, in ms; 0 ends it. */
  delay(delayMs: number): void | Promise<void>;
  /** Limits each direction of each connection, in bytes per second; for chaos schedules, as the next two. */
  slow?(bytesPerSecond: number): void | Promise<void>;
  /** Every connection passes so many more bytes in each direction and is then reset. */
  truncate?(bytes: number): void | Promise<void>;
  /** Resets every connection, once. */
  resetPeers?(): void | Promise<void>;
  /** Undoes `cut`, `blackhole`, `delay`, `slow` and `truncate`; resolves when connections are accepted. */
  heal(): Promise<void>;
}

/** Declared names. The harness knows how its adapter derives the broker's names from them. */
export interface SubscriptionName {
  readonly topic: string;
  readonly subscription: string;
}

/**
 * What the broker itself reports about a subscription; `undefined` for what it cannot report. Never computed from the
 * adapter's own bookkeeping.
 */
export interface SubscriptionStats {
  /** Consumers, streams or pulls that are attached now. */
  readonly workers: number | undefined;
  /** Delivered and unsettled. */
  readonly outstanding: number | undefined;
  /** Waiting to be delivered. */
  readonly waiting: number | undefined;
}

/** A message as a publisher without anytopic writes it. */
export interface ForeignMessage {
  readonly body: Uint8Array;
  /** The broker's own headers or attributes of type text. */
  readonly attributes: Attributes;
  /** If the broker has its own ordering keys. */
  readonly orderingKey?: string | undefined;
}

/** The broker's plain client, used as by somebody who does not know anytopic. */
export interface ForeignClient {
  /** Publishes to a topic that the adapter has provisioned. */
  publish(topic: string, message: ForeignMessage): Promise<void>;
  /** Takes the oldest message of a subscription that the adapter has provisioned and nobody else reads; `undefined` when there is none after about 5 s. */
  take(name: SubscriptionName): Promise<ForeignMessage | undefined>;
}

/**
 * A malicious publisher. It speaks the broker's protocol without a client library if a library would refuse broken
 * messages.
 */
export interface HostilePublisher {
  /**
   * Publishes one message with this body to a topic that the adapter has provisioned. Everything else in it is chosen
   * with `random`: malformed headers, false metadata, values out of range, sizes at the limit. Returns whether the
   * broker stored it, and a text that says what was special about it.
   */
  publish(
    topic: string,
    body: Uint8Array,
    random: Random,
  ): Promise<{ readonly stored: boolean; readonly what: string }>;
}

/** An adapter that cannot reach its broker, with credentials in its configuration. */
export interface UnreachableAdapter {
  /** A new one each time, with an address where nothing listens. */
  adapter(): Adapter;
  /** The password, key or token in its configuration. It must appear nowhere. */
  readonly secret: string;
}

/** Known faults of an implementation that chaos schedules meet. They are counted apart instead of being reported. */
export interface KnownFaults {
  /**
   * After a worker was killed, or its connection was lost, the next delivery of a message that it had started may have the same attempt
   * number: why, and since when it is corrected.
   */
  readonly hiddenStarts?: string | undefined;
  /**
   * A retry is a copy of its message. When a fault comes between the copy and the acknowledgement of the original, both are delivered,
   * and each counts its own attempts: why there is no other way.
   */
  readonly copiedRetries?: string | undefined;
  /**
   * The client library sends a publish again when it has no answer, and the broker does not recognise it: an at-least-once topic may have
   * two copies, and each counts its own attempts. Why.
   */
  readonly copiedPublishes?: string | undefined;
}

/** What the suite needs of a broker beside its adapter: to look into it, and to harm it. */
export interface Harness {
  /** The adapter's name, `"nats"`. */
  readonly name: string;
  /** The broker program behind it, `"nats-server"`, `"gcp-emulator"`: quirks and the column of the matrix belong to it. */
  readonly implementation: string;
  /** Of the broker program. */
  readonly version: string;
  readonly capabilities: Capabilities;
  readonly slack: Slack;
  /** Empty for an implementation that does everything. */
  readonly quirks: readonly Quirk[];
  /**
   * Facilities that this harness does not have, each with the reason. If a facility is missing and not named here,
   * the behaviours that need it fail.
   */
  readonly lacks?: Readonly<Partial<Record<Facility, string>>>;
  /** @default none */
  readonly knownFaults?: KnownFaults | undefined;
  /** False if the implementation loses everything when it ends, although the real broker does not (most emulators). */
  readonly survivesRestart: boolean;
  /** How many behaviours run at the same time; fault behaviours always run alone. @default 4 */
  readonly parallelism?: number;
  /** A new adapter each time; all reach the same broker, as several processes would. */
  adapter(request?: AdapterRequest): Adapter;
  /** For behaviours about a worker's whole process, which is blocked, or must end by itself. */
  readonly process?: (request?: AdapterRequest) => ProcessAdapter;
  readonly broker?: BrokerControl;
  readonly proxy?: NetworkProxy;
  stats?(name: SubscriptionName): Promise<SubscriptionStats>;
  readonly foreign?: ForeignClient;
  readonly hostile?: HostilePublisher;
  readonly unreachable?: UnreachableAdapter;
  /**
   * Deletes the dead-letter queue of a subscription, and nothing else, with the broker's own tools; `apply` creates
   * it again.
   */
  deleteDeadLetters?(name: SubscriptionName): Promise<void>;
  /** For adapters with `exactlyOnce: "inbox"`. One store for all calls of a run. @default a store in the memory of this process */
  inbox?(): InboxStore;
  /** For adapters with `publishDelay: "store"`. @default a store in the memory of this process */
  schedule?(): ScheduleStore;
  /** Ends everything the harness started. Idempotent. */
  close(): Promise<void>;
}
