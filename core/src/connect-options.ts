import type { RegisteredAdapter } from "./adapter-from-url.ts";
import type { Clock } from "./clock.ts";
import type { AnytopicConfig, LoadedConfig } from "./config/config-types.ts";
import type { Adapter } from "./driver.ts";
import type { InboxStore } from "./inbox.ts";
import type { Logger } from "./logger.ts";
import type { Observer } from "./observer.ts";
import type { AnySubscription } from "./subscription.ts";
import type { AnyTopic } from "./topic.ts";

/**
 * What happens to a topic or subscription that is opened. `"ensure"`: what is missing is created. `"verify"`: missing
 * or different parts are an error that lists them. `"off"`: no admin call at all.
 */
export type Provisioning = "ensure" | "verify" | "off";

export interface PublishLimits {
  /** Publishes under way per topic; further ones wait. 1 to 100,000. @default 1000 */
  readonly maxPending?: number | undefined;
  /** Publishes that wait for a place per topic; further ones reject with `RESOURCE_EXHAUSTED`. 0 to 10,000,000. @default 100,000 */
  readonly maxWaiting?: number | undefined;
  /** How long a publish may take, in ms; then it rejects with `TIMEOUT` and may have happened. 100 to 600,000. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Signs the ids of all messages: what is sent, returned and handed to handlers is `<id>.<signature>`. Whoever may publish
   * to a topic can otherwise suppress another's message by taking its id first, where ids can be guessed. Give every
   * publisher of the deployment the same secret, 32 to 256 characters, and keep it from everybody else; a repeated publish
   * is then recognised as before. Ids that a caller brings have at most 105 characters. @default ids are not signed
   */
  readonly idSecret?: string | undefined;
}

export interface ConnectOptions {
  /**
   * The configuration, or the path of its file. What is given here beside it wins over what it says.
   * @default without a target: the file that `ANYTOPIC_CONFIG` names, or `anytopic.config.*` in the working directory
   */
  readonly config?: string | AnytopicConfig | LoadedConfig | undefined;
  /** @default "ensure" */
  readonly provisioning?: Provisioning | undefined;
  /** Declarations to provision or verify now, before `connect` resolves, instead of when each is first used. */
  readonly declarations?: readonly (AnyTopic | AnySubscription)[] | undefined;
  /** Options of the default connection's adapter beyond its URL, see its README; instead of the configuration's. Not with an adapter that was made. */
  readonly adapterOptions?: unknown;
  /**
   * Adapters for URLs, of `target` and of every connection of the configuration: `adapterModule` of each package. Needed
   * where packages cannot be found at run time, as in a bundle, and for schemes of other packages.
   * @default the packages `@anytopic/…`, imported when a URL needs one
   */
  readonly adapters?: readonly RegisteredAdapter[] | undefined;
  readonly publish?: PublishLimits | undefined;
  readonly inbox?: InboxStore | undefined;
  /** @default silent */
  readonly logger?: Logger | undefined;
  readonly observer?: Observer | undefined;
  /**
   * How long `connect` keeps trying when the broker cannot be reached, in ms; 0 to 86,400,000, or `Infinity`. It pauses
   * between attempts as after a lost connection (0.1 to 10 s, with jitter), and logs each. What time does not mend, such
   * as `UNAUTHENTICATED` or `INVALID_CONFIG`, rejects at once; `signal` ends the waiting.
   * @default 0: the first failure rejects
   */
  readonly waitForBrokerMs?: number | undefined;
  /** How long `close()` waits for running handlers, in ms; 0 to 3,600,000. @default 30_000 */
  readonly closeTimeoutMs?: number | undefined;
  /** @default the system's */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1), for jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A URL such as `nats://127.0.0.1:4222`, or what an adapter's factory made. */
export type ConnectTarget = string | URL | Adapter;
