import type { RegisteredAdapter } from "./adapter-from-url.ts";
import type { Clock } from "../base/clock.ts";
import type { AnytopicConfig, LoadedConfig } from "../config/config-types.ts";
import type { Provisioning } from "../options/connect-limits.ts";
import type { PublishLimits } from "../options/publish-limits.ts";
import type { Adapter } from "../driver.ts";
import type { InboxStore } from "../inbox/inbox.ts";
import type { Logger } from "../base/logger.ts";
import type { Observer } from "../observe/observer.ts";
import type { AnySubscription } from "../declare/subscription.ts";
import type { AnyTopic } from "../declare/topic.ts";

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
