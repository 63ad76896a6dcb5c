import type {
  AnySubscription,
  AnyTopic,
  ConnectOptions,
  PubSub,
  Subscription,
  Topic,
  VirtualClock,
} from "@anytopic/core";
import type { MemoryBroker } from "@anytopic/memory";
import type { Connections } from "./broker/connections.ts";
import type { GateTarget } from "./broker/gate.ts";
import type { TestBroker } from "./broker/test-broker.ts";
import type { Faults } from "./faults/faults.ts";
import type { Journal } from "./record/journal.ts";
import { interceptInTests } from "./isolation/intercepting.ts";
import { currentKit, rememberKit } from "./kit-of.ts";
import { matches, type Matching } from "./record/matching.ts";
import type { EndedAttempt, HandledEvent, PublishedEvent, ScheduledRetry, WaitingMessage } from "./record/records.ts";
import type { Activity } from "./time/activity.ts";
import type { Life } from "./time/life.ts";
import { sleepOn } from "./time/sleep.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** So many deliveries in one call mean that messages go round in a circle. */
const MOST_DELIVERIES = 10_000;
/** Lines of the timeline in an error. */
const LINES_IN_ERRORS = 40;

interface TestPubSubParts {
  readonly pubsub: PubSub;
  readonly connections: Connections;
  readonly clock: VirtualClock;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly activity: Activity;
  readonly life: Life;
  readonly broker: TestBroker;
}

/**
 * A `PubSub` for one test, with what the test sees of it and does to it. Made by `testPubSub`.
 *
 * Nothing happens by itself: `deliver`, `advance` and `runToQuiescence` let messages be delivered, and only the last two move time.
 * Virtual time stands still while a handler runs or a publish is under way, however long that takes in real time. These calls run one
 * after the other, and must not be made by a handler.
 */
export class TestPubSub implements AsyncDisposable {
  /** A real `PubSub`, for the code under test. */
  readonly pubsub: PubSub;
  /** The clock of `pubsub`, which only `advance` and `runToQuiescence` of this object should move. */
  readonly clock: VirtualClock;
  /** What goes wrong in this test. */
  readonly faults: Faults;
  readonly #parts: TestPubSubParts;
  #busy: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** For `testPubSub`. */
  constructor(parts: TestPubSubParts) {
    this.#parts = parts;
    this.pubsub = parts.pubsub;
    this.clock = parts.clock;
    this.faults = parts.faults;
    rememberKit(this.pubsub, this);
  }

  /**
   * Runs a program that calls `connect` by itself: in `program`, and in all that it starts, `connect` leads to this test's broker, whatever
   * its URL or configuration says, and a program without a configuration is connected too. Options and limits of a configuration apply.
   */
  async run<Result>(program: () => Result | Promise<Result>): Promise<Result> {
    interceptInTests();
    return await currentKit.run(this, program);
  }

  /** @internal Connects as `connect` would, but to this test's broker. */
  async connect(target: unknown, options: ConnectOptions): Promise<PubSub> {
    const pubsub = await this.#parts.connections.connect(options, target);
    rememberKit(pubsub, this);
    return pubsub;
  }

  /**
   * What was published to a topic, in the order in which the broker stored it, decoded by the topic's codec and schema. With `matching`
   * only those events that have this part, or for which this function returns true.
   *
   * @throws Error when the codec or the schema refuses what was published
   */
  published<Input, Event>(topic: Topic<Input, Event>, matching?: Matching<Event>): readonly PublishedEvent<Event>[] {
    return this.#parts.journal.published<Event>(topic).filter(({ event }) => matches(event, matching));
  }

  /** The attempts of a subscription that have ended, in the order of their ends. */
  handled<Event>(subscription: Subscription<Event>, matching?: Matching<Event>): readonly HandledEvent<Event>[] {
    const all = this.#parts.journal.handled<Event>(subscription);
    return matching === undefined
      ? all
      : all.filter(({ event }) => event !== undefined && matches<Event>(event, matching));
  }

  /** The messages that wait until the test lets them be delivered, in the order in which they will be. */
  waiting(target?: AnyTopic | AnySubscription): readonly WaitingMessage[] {
    const { gate } = this.#parts.broker;
    const wanted = target === undefined ? "all" : gateTarget(target);
    return [...gate.workers]
      .filter((worker) => wanted === "all" || isFor(wanted, worker))
      .flatMap(({ waiting }) =>
        waiting.map(({ topic, subscription, id, attempt }) => ({ topic, subscription, id, attempt })),
      );
  }

  /** The retries that are not due yet, the next one first. */
  scheduled(): readonly ScheduledRetry[] {
    return this.#parts.journal.scheduled;
  }

  /** Everything that happened, with its virtual time: for the message of a failed test. */
  timeline(): string {
    return this.#parts.journal.timeline();
  }

  /** Now, in virtual time. */
  now(): Date {
    return new Date(this.clock.now());
  }

  /**
   * Delivers what waits for one subscription, or for all subscriptions of a topic, and what becomes ready for them meanwhile. Time does
   * not move: failed messages wait for their retries. Resolves with the attempts when no handler runs.
   *
   * @throws Error when no worker is open for the target, or when a handler does not end, see `patienceMs`
   */
  deliver<Event>(
    target: Subscription<Event>,
    options?: { readonly most?: number | undefined },
  ): Promise<readonly HandledEvent<Event>[]>;
  deliver(target: AnyTopic, options?: { readonly most?: number | undefined }): Promise<readonly EndedAttempt[]>;
  async deliver(
    target: AnyTopic | AnySubscription,
    { most }: { readonly most?: number | undefined } = {},
  ): Promise<readonly EndedAttempt[]> {
    const wanted = gateTarget(target);
    if (![...this.#parts.broker.gate.workers].some((worker) => isFor(wanted, worker))) {
      const name = wanted.subscription === undefined ? wanted.topic : `${wanted.topic}/${wanted.subscription}`;
      throw new Error(`no worker is open for ${name}: nobody has called subscribe`);
    }
    const { journal, life } = this.#parts;
    const before = target.kind === "subscription" ? journal.handled(target).length : 0;
    const ended = await this.#exclusively("deliver", wanted, most, () => life.rest());
    return target.kind === "subscription" ? journal.handled(target).slice(before) : ended;
  }

  /**
   * Lets `ms` of virtual time pass: everything that waits, and everything that becomes due in that time, is delivered, each at its own
   * time. Resolves with the attempts that ended.
   *
   * @throws TypeError when `ms` is not a finite number of at least 0
   */
  async advance(ms: number): Promise<readonly EndedAttempt[]> {
    if (!(Number.isFinite(ms) && ms >= 0)) throw new TypeError(`ms is ${ms}: must be a finite number of at least 0`);
    const { life } = this.#parts;
    return await this.#exclusively("advance", "all", undefined, async () => {
      await life.rest();
      await life.until(this.clock.now() + ms);
    });
  }

  /**
   * Delivers everything, and moves time to each retry, until every message of the open workers is settled: the scenario has run to
   * quiescence. Resolves with the attempts that ended.
   *
   * @param options `limitMs`: how much virtual time that may take. Default: a day
   * @throws Error when it takes longer, for example because a message is retried without end; the message names what is left
   */
  async runToQuiescence({ limitMs = DAY_MS }: { readonly limitMs?: number } = {}): Promise<readonly EndedAttempt[]> {
    const { life } = this.#parts;
    return await this.#exclusively("runToQuiescence", "all", undefined, async () => {
      const endMs = this.clock.now() + limitMs;
      await life.rest();
      while (!this.#isQuiet()) {
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        if (!(await life.step(endMs))) throw this.#notQuiet(limitMs);
      }
    });
  }

  /** The same as `runToQuiescence`. */
  settled(options?: { readonly limitMs?: number }): Promise<readonly EndedAttempt[]> {
    return this.runToQuiescence(options);
  }

  /**
   * Waits for `ms` of virtual time, for handlers under test: while a handler waits here, time may move. Rejects with the abort reason
   * when `signal` aborts. `Infinity` waits until then.
   */
  sleep(ms: number, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#parts.activity.sleeping(sleepOn(this.clock, ms, signal));
  }

  /** @internal For the explorer: resolves with `running`, and lets time pass when a publish waits for it. */
  passingWith(running: Promise<void>): Promise<void> {
    return this.#parts.life.passingWith(running);
  }

  /** The connection is lost: publishes reject, and workers lose what they hold. Handlers that run go on, but their signals abort. */
  disconnect(): void {
    this.#parts.journal.note("disconnected", "", "");
    this.#parts.broker.disconnect();
  }

  /** There is a connection again: what the workers lost is redelivered. */
  reconnect(): void {
    this.#parts.journal.note("reconnected", "", "");
    this.#parts.broker.reconnect();
  }

  /**
   * The process of the workers dies, and another one takes their place: handlers that run are not waited for, nothing that they still do
   * is settled, and their messages are redelivered when the leases have expired. A handler cannot be stopped from outside: its signal
   * aborts.
   */
  crashWorkers(): void {
    const { activity, broker, journal } = this.#parts;
    journal.note("workers crashed", "", "");
    for (const worker of broker.gate.workers) worker.crash();
    for (const attempt of activity.attempts) attempt.crash();
  }

  /**
   * Closes the `PubSub`. Rejects when a fault was planned that no message met, and when a handler still runs.
   * Idempotent: later calls do not reject.
   */
  async close(): Promise<void> {
    if (this.#closing !== undefined) return await this.#closing.catch(() => {});
    this.#closing = this.#close();
    return await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { activity, faults } = this.#parts;
    const running = activity.attempts
      .filter(({ hasReturned, sleeping }) => !hasReturned && sleeping === 0)
      .map(({ info }) => `the handler of ${info.topic}/${info.subscription} still runs, for message ${info.id}`);
    const unmet = faults.unmet.map((fault) => `no message has met this fault: ${fault}`);
    let isClosed = false;
    const closed = this.#parts.connections.close().finally(() => (isClosed = true));
    // What closing waits for, it waits for in virtual time.
    // oxlint-disable-next-line no-await-in-loop, no-unmodified-loop-condition -- `finally` changes it
    while (!isClosed) await this.clock.advance(1000);
    await closed;
    const problems = [...running, ...unmet];
    if (problems.length > 0) throw new Error(`the test has ended, but ${problems.join("; ")}`);
  }

  /** Runs one call after the other, with an open gate. Resolves with the attempts that ended meanwhile. */
  async #exclusively(
    name: string,
    target: GateTarget | "all",
    most: number | undefined,
    run: () => Promise<void>,
  ): Promise<readonly EndedAttempt[]> {
    const { activity, broker, journal } = this.#parts;
    if (activity.current !== undefined) {
      throw new Error(`${name} was called by a handler, for whose end it would wait: a handler waits with sleep(ms)`);
    }
    const open = async (): Promise<readonly EndedAttempt[]> => {
      const from = journal.length;
      broker.gate.open(target, most ?? MOST_DELIVERIES);
      try {
        await run();
        if (most === undefined && broker.gate.left <= 0) throw this.#circle(name);
      } finally {
        broker.gate.close();
      }
      return journal.endedSince(from);
    };
    const result = this.#busy.then(open);
    this.#busy = result.catch(() => {});
    return await result;
  }

  /** Whether every message of the open workers is settled, and every publish answered. */
  #isQuiet(): boolean {
    const { activity, broker } = this.#parts;
    return (
      activity.latePublishes.length === 0 &&
      activity.attempts.length === 0 &&
      this.#unsettled().length === 0 &&
      broker.gate.left > 0
    );
  }

  #unsettled(): readonly string[] {
    const workers = [...this.#parts.broker.gate.workers];
    return (this.pubsub.native as MemoryBroker)
      .subscriptionStatistics()
      .filter(
        ({ topic, subscription, unsettled }) =>
          unsettled > 0 && workers.some((worker) => isFor({ topic, subscription }, worker)),
      )
      .map(({ topic, subscription, unsettled }) => `${topic}/${subscription}: ${unsettled}`);
  }

  #notQuiet(limitMs: number): Error {
    return new Error(
      `not quiet after ${limitMs} ms of virtual time; unsettled messages by subscription: ` +
        `${this.#unsettled().join(", ") || "none"}\n${this.#parts.journal.timeline(LINES_IN_ERRORS)}`,
    );
  }

  #circle(name: string): Error {
    return new Error(
      `${name} has delivered ${MOST_DELIVERIES} messages and there are more: is a handler publishing to its own topic?\n${this.#parts.journal.timeline(LINES_IN_ERRORS)}`,
    );
  }
}

function gateTarget(target: AnyTopic | AnySubscription): GateTarget {
  return target.kind === "topic" ? { topic: target.name } : { topic: target.topic.name, subscription: target.name };
}

function isFor(target: GateTarget, worker: { readonly topic: string; readonly subscription: string }): boolean {
  return target.topic === worker.topic && (target.subscription ?? worker.subscription) === worker.subscription;
}
