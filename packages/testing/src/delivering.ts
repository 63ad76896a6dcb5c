import type { PubSub, VirtualClock } from "@anytopic/core";
import type { MemoryBroker } from "@anytopic/memory";
import { type GateTarget, isFor } from "./broker/gate-target.ts";
import type { TestBroker } from "./broker/test-broker.ts";
import type { Journal } from "./record/journal.ts";
import type { EndedAttempt } from "./record/records.ts";
import type { Activity } from "./time/activity.ts";
import type { Life } from "./time/life.ts";

/** So many deliveries in one call mean that messages go round in a circle. */
const MOST_DELIVERIES = 10_000;
/** Lines of the timeline in an error. */
const LINES_IN_ERRORS = 40;

export interface DeliveringOptions {
  readonly pubsub: PubSub;
  readonly clock: VirtualClock;
  readonly journal: Journal;
  readonly activity: Activity;
  readonly life: Life;
  readonly broker: TestBroker;
}

/** The calls that let messages be delivered. They run one after the other, and resolve with the attempts that ended meanwhile. */
export class Delivering {
  readonly #options: DeliveringOptions;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: DeliveringOptions) {
    this.#options = options;
  }

  async deliver(target: GateTarget, most: number | undefined): Promise<readonly EndedAttempt[]> {
    const { broker, life } = this.#options;
    if (![...broker.gate.workers].some((worker) => isFor(target, worker))) {
      const name = target.subscription === undefined ? target.topic : `${target.topic}/${target.subscription}`;
      throw new Error(`no worker is open for ${name}: nobody has called subscribe`);
    }
    return await this.#exclusively("deliver", target, most, () => life.rest());
  }

  async advance(ms: number): Promise<readonly EndedAttempt[]> {
    if (!(Number.isFinite(ms) && ms >= 0)) throw new TypeError(`ms is ${ms}: must be a finite number of at least 0`);
    const { clock, life } = this.#options;
    return await this.#exclusively("advance", "all", undefined, async () => {
      await life.rest();
      await life.until(clock.now() + ms);
    });
  }

  async runToQuiescence(limitMs: number): Promise<readonly EndedAttempt[]> {
    const { clock, life } = this.#options;
    return await this.#exclusively("runToQuiescence", "all", undefined, async () => {
      const endMs = clock.now() + limitMs;
      await life.rest();
      while (!this.#isQuiet()) {
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        if (!(await life.step(endMs))) throw this.#notQuiet(limitMs);
      }
    });
  }

  /** Runs one call after the other, with an open gate. Resolves with the attempts that ended meanwhile. */
  async #exclusively(
    name: string,
    target: GateTarget | "all",
    most: number | undefined,
    run: () => Promise<void>,
  ): Promise<readonly EndedAttempt[]> {
    const { activity, broker, journal } = this.#options;
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
    const { activity, broker } = this.#options;
    return (
      activity.latePublishes.length === 0 &&
      activity.attempts.length === 0 &&
      this.#unsettled().length === 0 &&
      broker.gate.left > 0
    );
  }

  #unsettled(): readonly string[] {
    const workers = [...this.#options.broker.gate.workers];
    return (this.#options.pubsub.native as MemoryBroker)
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
        `${this.#unsettled().join(", ") || "none"}\n${this.#options.journal.timeline(LINES_IN_ERRORS)}`,
    );
  }

  #circle(name: string): Error {
    return new Error(
      `${name} has delivered ${MOST_DELIVERIES} messages and there are more: is a handler publishing to its own topic?\n${this.#options.journal.timeline(LINES_IN_ERRORS)}`,
    );
  }
}
