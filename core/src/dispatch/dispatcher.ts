import type { CloseBudget } from "../base/close-budget.ts";
import type { TimerHandle } from "../base/clock.ts";
import { PubSubError } from "../base/errors.ts";
import { retryPauseMs } from "../base/retry-pause.ts";
import type { ConnectionEnvironment } from "../connections/connection.ts";
import { type DueTime, waitingMs } from "../contract/due.ts";
import type { DueMessage, ScheduleStore } from "../schedule/schedule-store.ts";
import type { AnyTopic } from "../declare/topic.ts";
import type { EventPublisher } from "../publish/mirror-publisher.ts";
import { PendingPublish } from "../publish/pending-publish.ts";

/** How many due messages are claimed at once. */
const CLAIM_LIMIT = 100;
/** How often it looks for messages that other processes have scheduled, in ms. When a message of this process is due it knows. */
const LOOK_MS = 1000;
/** The pause before a message is published again after a failure: doubles from the first to the longest, in ms. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;

export interface DispatcherOptions {
  readonly environment: ConnectionEnvironment;
  /** Longer than a publish may take, in ms: so a claim ends only when its process does. */
  readonly leaseMs: number;
  /** Opens a publisher that shows nothing to observers and instrumentations: they have seen the publish when it was scheduled. */
  readonly openPublisher: (topic: AnyTopic) => Promise<EventPublisher>;
}

/**
 * Publishes the messages of a store when they are due. Several processes do this at once: each message is published by the one that has
 * claimed it. One that dies between a publish and its mark leaves a claim that ends, and the message is published again with its id.
 */
export class Dispatcher {
  readonly #store: ScheduleStore;
  readonly #options: DispatcherOptions;
  readonly #topics = new Map<string, AnyTopic>();
  readonly #publishers = new Map<string, Promise<EventPublisher>>();
  /** By topic: the messages that are being published. A slow topic holds up no other. */
  readonly #busy = new Map<string, Promise<void>>();
  #timer: TimerHandle = undefined;
  /** When the timer fires, by the monotonic clock. */
  #timerMs = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | undefined;
  /** The timer fired while it was looking, and it may have looked too early. */
  #isDueAgain = false;
  #failures = 0;
  #isStopped = false;

  constructor(store: ScheduleStore, options: DispatcherOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** From now on, due messages of this topic are published here. */
  know(topic: AnyTopic): void {
    if (this.#topics.has(topic.name)) return;
    this.#topics.set(topic.name, topic);
    this.by(0);
  }

  /** Looks for due messages within `delayMs`. */
  by(delayMs: number): void {
    const { clock } = this.#options.environment;
    const atMs = clock.monotonicNow() + delayMs;
    if (this.#isStopped || atMs >= this.#timerMs) return;
    clock.clearTimer(this.#timer);
    this.#timerMs = atMs;
    this.#timer = clock.setTimer(() => this.#look(), delayMs);
  }

  /** Looks when a message that was just stored is due. */
  wakeAt(due: DueTime): void {
    this.by(Math.ceil(waitingMs(due, this.#options.environment.clock.now())));
  }

  /** Claims nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#options.environment.clock.clearTimer(this.#timer);
  }

  /** Waits for what is being published. What has no answer by then is published again when its claim has ended. */
  async close(budget: CloseBudget): Promise<void> {
    this.stop();
    await budget.wait("publishing due messages", {}, async () => {
      await this.#looking;
      await Promise.all(this.#busy.values());
    });
    await Promise.all(
      [...this.#publishers].map(([topic, opening]) =>
        budget.wait("closing the publisher of due messages", { topic }, async (leftMs) =>
          (await opening).close(leftMs),
        ),
      ),
    );
  }

  #look(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    if (this.#isStopped) return;
    if (this.#looking === undefined) this.#looking = this.#lookAndWait();
    else this.#isDueAgain = true;
  }

  async #lookAndWait(): Promise<void> {
    const nextMs = await this.#lookOnce();
    this.#looking = undefined;
    this.by(this.#isDueAgain ? 0 : nextMs);
    this.#isDueAgain = false;
  }

  /** Resolves with the ms until it has to look again. Never rejects. */
  async #lookOnce(): Promise<number> {
    const { environment, leaseMs } = this.#options;
    const { random, logger } = environment;
    try {
      const idle = [...this.#topics.keys()].filter((topic) => !this.#busy.has(topic));
      const claimed = idle.length === 0 ? [] : await this.#store.claimDue(idle, CLAIM_LIMIT, leaseMs);
      for (const topic of new Set(claimed.map((message) => message.topic))) {
        const own = claimed.filter((message) => message.topic === topic);
        this.#busy.set(topic, this.#publishAll(topic, own));
      }
      const rest = idle.filter((topic) => !this.#busy.has(topic));
      const dueMs = rest.length === 0 ? undefined : await this.#store.nextDueMs(rest);
      this.#failures = 0;
      const lookMs = LOOK_MS * (0.75 + random() / 2);
      return dueMs === undefined ? lookMs : Math.min(lookMs, Math.max(1, Math.ceil(dueMs)));
    } catch (error) {
      this.#failures += 1;
      const code = codeOf(error);
      logger.warn(
        { code, failures: this.#failures },
        "the schedule store cannot be asked for due messages, trying again",
      );
      return retryPauseMs(this.#failures, random);
    }
  }

  /** Never rejects. */
  async #publishAll(topic: string, messages: readonly DueMessage[]): Promise<void> {
    await this.#publishEach(this.#topics.get(topic) as AnyTopic, messages);
    this.#busy.delete(topic);
    this.by(0);
  }

  /** Never rejects. */
  async #publishEach(topic: AnyTopic, messages: readonly DueMessage[]): Promise<void> {
    const { logger } = this.#options.environment;
    const results = await Promise.allSettled(messages.map((message) => this.#publish(topic, message)));
    try {
      const done = messages.filter((_, index) => results[index]?.status === "fulfilled");
      if (done.length > 0) await this.#store.done(done.map(({ token }) => token));
      for (const [index, { token, id, attempt }] of messages.entries()) {
        const result = results[index];
        if (result?.status !== "rejected") continue;
        const delayMs = this.#pauseMs(attempt);
        logger.warn(
          { topic: topic.name, id, attempt, delayMs, code: codeOf(result.reason) },
          "a due message cannot be published, trying again",
        );
        await this.#store.again(token, delayMs);
      }
    } catch (error) {
      logger.warn(
        { topic: topic.name, code: codeOf(error) },
        "the schedule store cannot mark what was published: it is published again, with the same ids, when the claims have ended",
      );
    }
  }

  async #publish(topic: AnyTopic, message: DueMessage): Promise<void> {
    const publisher = await this.#publisher(topic);
    const attributes: Record<string, string> = Object.assign(Object.create(null), message.attributes);
    const { id, body, publishTimeMs } = message;
    const pending = new PendingPublish(id, body, Object.freeze(attributes), undefined, publishTimeMs);
    pending.relayedMs = this.#options.environment.clock.now();
    await publisher.send(pending);
  }

  #publisher(topic: AnyTopic): Promise<EventPublisher> {
    const known = this.#publishers.get(topic.name);
    if (known !== undefined) return known;
    const opening = this.#options.openPublisher(topic);
    this.#publishers.set(topic.name, opening);
    opening.catch(() => this.#publishers.delete(topic.name));
    return opening;
  }

  #pauseMs(attempt: number): number {
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 20));
    return Math.round(ceiling / 2 + (ceiling / 2) * this.#options.environment.random());
  }
}

function codeOf(error: unknown): string {
  return error instanceof PubSubError ? error.code : "UNKNOWN";
}
