import type {
  AnySubscription,
  AnyTopic,
  ConnectOptions,
  PubSub,
  Subscription,
  Topic,
  VirtualClock,
} from "@anytopic/core";
import type { Connections } from "./broker/connections.ts";
import { gateTarget, isFor } from "./broker/gate-target.ts";
import type { TestBroker } from "./broker/test-broker.ts";
import type { Delivering } from "./delivering.ts";
import type { Faults } from "./faults/faults.ts";
import type { Journal } from "./record/journal.ts";
import { interceptInTests } from "./isolation/intercepting.ts";
import { currentKit, rememberKit } from "./isolation/current-kit.ts";
import { matches, type Matching } from "./record/matching.ts";
import type { EndedAttempt, HandledEvent, PublishedEvent, DelayedRetry, WaitingMessage } from "./record/records.ts";
import type { Activity } from "./time/activity.ts";
import type { Life } from "./time/life.ts";
import { sleepOn } from "./time/sleep.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

interface TestPubSubParts {
  readonly pubsub: PubSub;
  readonly connections: Connections;
  readonly clock: VirtualClock;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly activity: Activity;
  readonly life: Life;
  readonly delivering: Delivering;
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

  /** Another connection to this test's broker, with `target` and `options` as `connect` takes them: for a second service of the program. */
  async connect(target?: unknown, options: ConnectOptions = {}): Promise<PubSub> {
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
  delayed(): readonly DelayedRetry[] {
    return this.#parts.journal.delayed;
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
    const { journal, delivering } = this.#parts;
    const before = target.kind === "subscription" ? journal.handled(target).length : 0;
    const ended = await delivering.deliver(gateTarget(target), most);
    return target.kind === "subscription" ? journal.handled(target).slice(before) : ended;
  }

  /**
   * Lets `ms` of virtual time pass: everything that waits, and everything that becomes due in that time, is delivered, each at its own
   * time. Resolves with the attempts that ended.
   *
   * @throws TypeError when `ms` is not a finite number of at least 0
   */
  async advance(ms: number): Promise<readonly EndedAttempt[]> {
    return await this.#parts.delivering.advance(ms);
  }

  /**
   * Delivers everything, and moves time to each retry, until every message of the open workers is settled: the scenario has run to
   * quiescence. Resolves with the attempts that ended.
   *
   * @param options `limitMs`: how much virtual time that may take. Default: a day
   * @throws Error when it takes longer, for example because a message is retried without end; the message names what is left
   */
  async runToQuiescence({ limitMs = DAY_MS }: { readonly limitMs?: number } = {}): Promise<readonly EndedAttempt[]> {
    return await this.#parts.delivering.runToQuiescence(limitMs);
  }

  /**
   * Waits for `ms` of virtual time, for handlers under test: while a handler waits here, time may move. Rejects with the abort reason
   * when `signal` aborts. `Infinity` waits until then.
   */
  sleep(ms: number, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#parts.activity.sleeping(sleepOn(this.clock, ms, signal));
  }

  /**
   * Resolves with `running`, for a promise that needs time to pass: time moves while a publish waits for its late confirmation, see
   * `faults.confirmLate`.
   */
  during<Result>(running: Promise<Result>): Promise<Result> {
    return this.#parts.life.during(running);
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
}
