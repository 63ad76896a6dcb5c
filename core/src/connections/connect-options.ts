import { checkedAdapters, type RegisteredAdapter } from "./adapter-from-url.ts";
import type { Clock } from "../base/clock.ts";
import type { AnytopicConfig, LoadedConfig } from "../config/config-types.ts";
import {
  CLOSE_TIMEOUT_LIMITS,
  PROVISIONING,
  WAIT_FOR_BROKER_LIMITS,
  type Provisioning,
} from "../options/connect-limits.ts";
import { integerOption, rejectUnknownKeys, requireChoice } from "../options/option-checks.ts";
import { shown } from "../base/shown.ts";
import { PUBLISH_LIMITS, requireSecret, type PublishLimits } from "../options/publish-limits.ts";
import type { Adapter } from "../driver.ts";
import type { InboxStore } from "../inbox/inbox.ts";
import type { Logger } from "../base/logger.ts";
import type { Instrumentation } from "../observe/instrumentation.ts";
import type { ScheduleStore } from "../schedule/schedule-store.ts";
import type { Observer } from "../observe/observer.ts";
import type { AnySubscription } from "../declare/subscription.ts";
import type { AnyTopic } from "../declare/topic.ts";

/** How `connect` connects, and what all publishes and workers of that `PubSub` share. */
export interface ConnectOptions {
  /**
   * The configuration, or the path of its file. The other options of `connect` win over it.
   * @default without a target: the file that `ANYTOPIC_CONFIG` names, or `anytopic.config.*` in the working directory
   */
  readonly config?: string | AnytopicConfig | LoadedConfig | undefined;
  /** Whether missing topics and subscriptions are created, see `Provisioning`. @default "ensure" */
  readonly provisioning?: Provisioning | undefined;
  /** Declarations to provision or verify before `connect` resolves. @default each is provisioned when it is first used */
  readonly declarations?: readonly (AnyTopic | AnySubscription)[] | undefined;
  /** Options of the default connection's adapter that are not in its URL, see the adapter's README. They replace those of the configuration. Only with a URL. @default those of the configuration */
  readonly adapterOptions?: unknown;
  /**
   * Adapters for the URLs of `target` and of the configuration: the `adapterModule` of each package. Needed where packages
   * cannot be found at run time, as in a bundle, and for adapters of other packages.
   * @default the packages `@anytopic/…`, each imported when a URL needs it
   */
  readonly adapters?: readonly RegisteredAdapter[] | undefined;
  /** Limits of publishing, per topic; each wins over the same one of the configuration. @default those of `PublishLimits` */
  readonly publish?: PublishLimits | undefined;
  /** Where the ids of handled messages are kept, for exactly-once topics and subscriptions on several connections. @default a `MemoryInbox` */
  readonly inbox?: InboxStore | undefined;
  /**
   * Where messages with `deliverAt` or `delayMs` wait, when the broker cannot keep them, or not for so long, or cannot cancel them. This
   * connection then also publishes the due messages of the topics that it knows: those of `declarations` and of the configuration, and
   * those for which it has scheduled something. @default none: what the broker cannot do is refused
   */
  readonly schedule?: ScheduleStore | undefined;
  /**
   * Where diagnostics go: `console` and pino work as they are, others by `fromWinston` and `fromLogLayer`.
   * @default only what stands still is said, once, as a process warning; `silentLogger` says nothing
   */
  readonly logger?: Logger | undefined;
  /** Called for everything that happens, see `PubSubEvent`. @default none */
  readonly observer?: Observer | undefined;
  /** Sees and wraps every publish and every attempt: tracing and middleware, see `Instrumentation`. The first is the outermost. @default none */
  readonly instrumentation?: readonly Instrumentation[] | undefined;
  /**
   * How long `connect` tries again when the broker cannot be reached, in ms; 0 to 86,400,000, or `Infinity`. It pauses between
   * attempts for 0.1 to 10 s, with jitter, and logs each attempt. An error that is not `retryable`, such as `UNAUTHENTICATED`
   * or `INVALID_CONFIG`, rejects at once. `signal` ends the waiting.
   * @default 0: the first failure rejects
   */
  readonly waitForBrokerMs?: number | undefined;
  /** How long `close()` waits for running handlers, in ms; 0 to 3,600,000. @default 30_000 */
  readonly closeTimeoutMs?: number | undefined;
  /** The source of time, for tests. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Returns random numbers, uniform in [0, 1), for jitter and ids. @default Math.random for jitter, the system's random bits for ids */
  readonly random?: (() => number) | undefined;
  /**
   * Makes the id of a published event, from the name of its topic: for tests, and for programs with ids of their own. Called once for
   * each publish that was given no `id`, in the call of `publish`. It must return 1 to 128 printable ASCII characters without
   * spaces, each time others: else that publish rejects with a `TypeError`, or two events count as one.
   * @default UUIDv7
   */
  readonly newId?: ((topic: string) => string) | undefined;
  /** Aborts `connect`, which rejects with the abort reason. It does not close an open `PubSub`. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** A URL such as `nats://127.0.0.1:4222`, or the result of an adapter's factory. */
export type ConnectTarget = string | URL | Adapter;

const OPTIONS = [
  "config",
  "provisioning",
  "declarations",
  "adapterOptions",
  "adapters",
  "publish",
  "inbox",
  "schedule",
  "logger",
  "observer",
  "instrumentation",
  "waitForBrokerMs",
  "closeTimeoutMs",
  "clock",
  "random",
  "newId",
  "signal",
] as const;

/** Checks options and freezes a copy. @throws TypeError when an option is unknown or not allowed */
export function checkedConnectOptions(options: ConnectOptions): ConnectOptions {
  rejectUnknownKeys("connect", options, OPTIONS);
  requireChoice("provisioning", options.provisioning ?? "ensure", PROVISIONING);
  integerOption("closeTimeoutMs", options.closeTimeoutMs, CLOSE_TIMEOUT_LIMITS);
  integerOption("waitForBrokerMs", options.waitForBrokerMs, WAIT_FOR_BROKER_LIMITS);
  checkedAdapters(options.adapters ?? []);
  requireNewId(options.newId);
  if (options.schedule !== undefined) requireScheduleStore(options.schedule);
  requireInstrumentations(options.instrumentation ?? []);
  const publish = options.publish ?? {};
  rejectUnknownKeys("publish", publish, [...Object.keys(PUBLISH_LIMITS), "idSecret"]);
  integerOption("publish.maxPending", publish.maxPending, PUBLISH_LIMITS.maxPending);
  integerOption("publish.maxWaiting", publish.maxWaiting, PUBLISH_LIMITS.maxWaiting);
  integerOption("publish.timeoutMs", publish.timeoutMs, PUBLISH_LIMITS.timeoutMs);
  if (publish.idSecret !== undefined) requireSecret(publish.idSecret);
  return Object.freeze({ ...options, publish: Object.freeze({ ...publish }) });
}

/** @throws TypeError when `newId` is given and is no function */
export function requireNewId(newId: unknown): void {
  if (newId === undefined || typeof newId === "function") return;
  throw new TypeError(`newId is ${shown(newId)}: must be a function that returns an id`);
}

function requireScheduleStore(store: unknown): void {
  if (typeof store === "object" && store !== null && "claimDue" in store) return;
  throw new TypeError(`schedule is ${shown(store)}: must be a store, such as new MemoryScheduleStore()`);
}

const METHODS = [
  "publish",
  "publishBatch",
  "handle",
  "receive",
  "skip",
  "settle",
  "redrive",
  "quiet",
  "observe",
  "connected",
] as const;

/** A class may have other members beside these, so unknown keys are not refused, unless there is nothing else. */
export function requireInstrumentations(given: unknown): void {
  if (!Array.isArray(given))
    throw new TypeError(`instrumentation is ${shown(given)}: must be a list, such as [tracing]`);
  for (const [index, one] of given.entries()) {
    const name = `instrumentation[${index}]`;
    if (typeof one !== "object" || one === null) throw new TypeError(`${name} is ${shown(one)}: must be an object`);
    const present = METHODS.filter((method) => (one as Instrumentation)[method] !== undefined);
    if (present.length === 0) throw new TypeError(`${name} has no method: must have one of ${METHODS.join(", ")}`);
    for (const method of present) {
      const part: unknown = (one as Instrumentation)[method];
      if (typeof part !== "function") throw new TypeError(`${name}.${method} is ${shown(part)}: must be a function`);
    }
  }
}
