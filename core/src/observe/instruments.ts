import type { Logger } from "../base/logger.ts";
import { processInstrumentation, processTraces, publishInstrumentation, publishTraces } from "./diagnostics.ts";
import type {
  AttemptEnd,
  AttemptInfo,
  BatchEnd,
  BatchInfo,
  Carrier,
  ConnectedPubSub,
  Instrumentation,
  PublishEnd,
  PublishInfo,
  RedriveInfo,
  SettleKind,
} from "./instrumentation.ts";
import type { Observer } from "./observer.ts";
import { type Quiet, quietOf } from "./quiet-calls.ts";

export type InstrumentationMethod = keyof Instrumentation;

/** What an instrumentation wants to be told at the end. */
type EndCall<End> = (end: End) => void;
type Ending<End> = EndCall<End> | undefined | void;

/** Several instrumentations as one. An error that one of them throws is logged, and does not get out. */
export class Instruments {
  /** Those that have a method, the outermost first. */
  readonly #having: Readonly<Record<InstrumentationMethod, readonly Instrumentation[]>>;
  readonly #logger: Logger;

  constructor(all: readonly Instrumentation[], logger: Logger) {
    const having = (method: InstrumentationMethod): readonly Instrumentation[] =>
      all.filter((one) => one[method] !== undefined);
    this.#having = {
      publish: having("publish"),
      publishBatch: having("publishBatch"),
      handle: having("handle"),
      receive: having("receive"),
      skip: having("skip"),
      settle: having("settle"),
      redrive: having("redrive"),
      quiet: having("quiet"),
      observe: having("observe"),
      connected: having("connected"),
    };
    this.#logger = logger;
  }

  /** Those that wrap handlers, the outermost first. */
  get handlers(): readonly Instrumentation[] {
    return this.#having.handle;
  }

  /** Those of their methods that observe. */
  get observers(): readonly Observer[] {
    return this.#having.observe.map(
      (one): Observer =>
        (event) =>
          one.observe?.(event),
    );
  }

  connected(pubsub: ConnectedPubSub): EndCall<void> | undefined {
    return this.#begin<void>("connected", (one) => one.connected?.(pubsub));
  }

  publish(publish: PublishInfo, carrier: Carrier): EndCall<PublishEnd> | undefined {
    return this.#begin("publish", (one) => one.publish?.(publish, carrier));
  }

  publishBatch(batch: BatchInfo): EndCall<BatchEnd> | undefined {
    return this.#begin("publishBatch", (one) => one.publishBatch?.(batch));
  }

  receive(attempt: AttemptInfo): EndCall<AttemptEnd> | undefined {
    return this.#begin("receive", (one) => one.receive?.(attempt));
  }

  /** `seen`: those that have seen the attempt already, and are not told again. */
  skip(attempt: AttemptInfo, end: AttemptEnd, seen: readonly Instrumentation[]): void {
    for (const one of this.#having.skip) {
      if (!seen.includes(one)) this.call("skip", () => one.skip?.(attempt, end));
    }
  }

  settle(attempt: AttemptInfo, settle: SettleKind): EndCall<unknown> | undefined {
    return this.#begin<unknown>("settle", (one) => one.settle?.(attempt, settle));
  }

  redrive(letter: RedriveInfo): EndCall<PublishEnd> | undefined {
    return this.#begin("redrive", (one) => one.redrive?.(letter));
  }

  /** Calls a part of an instrumentation. Returns `undefined` when it throws. */
  call<Result>(method: InstrumentationMethod, act: () => Result): Result | undefined {
    try {
      return act();
    } catch (error) {
      this.report(method, error);
      return undefined;
    }
  }

  /** Logs what an instrumentation did wrong. */
  report(method: InstrumentationMethod, error: unknown): void {
    const reason = error instanceof Error ? error.message : typeof error;
    this.#logger.error({ method, error: reason }, "an instrumentation failed, which changes nothing else");
  }

  /** The first is the outermost: it begins first and ends last. */
  #begin<End>(method: InstrumentationMethod, begin: (one: Instrumentation) => Ending<End>): EndCall<End> | undefined {
    let ends: EndCall<End>[] | undefined;
    for (const one of this.#having[method]) {
      const end = this.call(method, () => begin(one));
      if (typeof end === "function") (ends ??= []).push(end);
    }
    if (ends === undefined) return undefined;
    const inner = ends.toReversed();
    return (end) => {
      for (const call of inner) this.call(method, () => call(end));
    };
  }
}

/** The instrumentations of a `PubSub`, and the tracing channels when somebody listens to them. */
export class Instrumented {
  /** Who sees settles and redrives, which the channels do not show. */
  readonly own: Instruments | undefined;
  /** Wraps every call of a driver. */
  readonly quiet: Quiet | undefined;
  readonly #tracedPublish: Instruments;
  readonly #tracedProcess: Instruments;
  #closed: (() => void) | undefined;

  constructor(instrumentations: readonly Instrumentation[], logger: Logger) {
    this.own = instrumentations.length === 0 ? undefined : new Instruments(instrumentations, logger);
    this.quiet = quietOf(instrumentations, logger);
    this.#tracedPublish = new Instruments([publishInstrumentation, ...instrumentations], logger);
    this.#tracedProcess = new Instruments([processInstrumentation, ...instrumentations], logger);
  }

  /** Called when `connect` has succeeded. */
  connected(pubsub: ConnectedPubSub): void {
    this.#closed = this.own?.connected(pubsub);
  }

  /** Called when everything is closed. */
  closed(): void {
    this.#closed?.();
    this.#closed = undefined;
  }

  /** Who sees publishes; `undefined` when nobody does. Read once for each publish: somebody may listen from now on. */
  get publishing(): Instruments | undefined {
    return publishTraces.hasSubscribers ? this.#tracedPublish : this.own;
  }

  /** Who sees attempts; `undefined` when nobody does. Read once for each attempt. */
  get processing(): Instruments | undefined {
    return processTraces.hasSubscribers ? this.#tracedProcess : this.own;
  }
}
