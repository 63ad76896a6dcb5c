import { subscriptionPath } from "../declare/subscription.ts";
import type { Clock } from "../base/clock.ts";
import { CLOSE_GRACE_MS, type CloseBudget } from "../base/close-budget.ts";
import { combinedDeadLetterQueue } from "./combined-dead-letter-queue.ts";
import type { ConnectionEnvironment } from "../connections/connection.ts";
import type { ConnectionRouter } from "../connections/connection-router.ts";
import { createDeadLetterQueue, type DeadLetterQueue, type OpenLetters } from "./dead-letter-queue.ts";
import type { DriverDeadLetters } from "../driver.ts";
import { filterPredicate } from "../contract/filter.ts";
import { filterRules } from "../declare/filter.ts";
import type { Instruments } from "../observe/instruments.ts";
import type { Logger } from "../base/logger.ts";
import type { LettersOf } from "./redrivable-letters.ts";
import { redeliverable } from "./redeliver.ts";
import type { RelayMessage } from "../publish/relay-message.ts";
import { requireOpen } from "../base/require-open.ts";
import { seenRedrives } from "./seen-redrives.ts";
import { subscriptionSpec } from "../connections/specs.ts";
import type { AnySubscription, Subscription } from "../declare/subscription.ts";
import { untilAborted } from "../base/until-aborted.ts";

/** The dead-letter queues of a `PubSub`, each opened once, on first use. */
export class DeadLetterQueues {
  readonly #router: ConnectionRouter;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #instruments: Instruments | undefined;
  /** Aborts when closing begins. */
  readonly #closed: AbortSignal;
  readonly #open = new Set<DriverDeadLetters>();
  /** By connection and `topic/subscription`. */
  readonly #opening = new Map<string, Promise<OpenLetters>>();

  constructor(router: ConnectionRouter, { clock, logger, instrumented }: ConnectionEnvironment, closed: AbortSignal) {
    this.#router = router;
    this.#clock = clock;
    this.#logger = logger;
    this.#instruments = instrumented.own;
    this.#closed = closed;
  }

  /** The queue of a subscription, on all its connections together. */
  of(subscription: AnySubscription): DeadLetterQueue {
    const path = subscriptionPath(subscription);
    const takes: LettersOf["takes"] = () => {
      const { filter } = this.#router.routes.effective(subscription as Subscription);
      return filter === undefined ? undefined : filterPredicate(filterRules(filter));
    };
    const queues = this.#router.routes.connectionsOf(subscription).map((name) => {
      const open = (): Promise<OpenLetters> => untilAborted(this.#lettersOf(subscription, name), this.#closed);
      return createDeadLetterQueue(open, { path, takes, clock: this.#clock, logger: this.#logger });
    });
    return queues.length === 1 ? (queues[0] as DeadLetterQueue) : combinedDeadLetterQueue(queues);
  }

  /** Sends a message that was kept elsewhere to one subscription alone. */
  async redeliver(
    subscription: AnySubscription,
    message: RelayMessage,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    requireOpen(this.#closed);
    const [name = ""] = this.#router.routes.connectionsOf(subscription);
    const { letters, capabilities } = await untilAborted(this.#lettersOf(subscription, name), signal, this.#closed);
    await untilAborted(letters.redeliver(redeliverable(subscription, message, capabilities)), signal);
  }

  async close(budget: CloseBudget): Promise<void> {
    await Promise.all(
      [...this.#open].map((letters) =>
        budget.wait("closing dead letters", {}, async (leftMs) => await letters.close?.(leftMs)),
      ),
    );
  }

  #lettersOf(subscription: AnySubscription, name: string): Promise<OpenLetters> {
    const key = `${name} ${subscriptionPath(subscription)}`;
    const known = this.#opening.get(key);
    if (known !== undefined) return known;
    const opening = this.#openLetters(subscription, name);
    this.#opening.set(key, opening);
    // The next call tries again.
    opening.catch(() => this.#opening.delete(key));
    return opening;
  }

  async #openLetters(declared: AnySubscription, name: string): Promise<OpenLetters> {
    requireOpen(this.#closed);
    const subscription = this.#router.routes.effective(declared as Subscription);
    const connection = await this.#router.connection(name);
    await connection.prepare(subscription);
    const letters = await connection.driver.openDeadLetters(subscriptionSpec(subscription, connection.names));
    if (this.#closed.aborted) await letters.close?.(CLOSE_GRACE_MS);
    requireOpen(this.#closed);
    this.#open.add(letters);
    const { capabilities, adapter } = connection;
    const place = { topic: subscription.topic.name, subscription: subscription.name, adapter: adapter.name };
    const seen = this.#instruments === undefined ? letters : seenRedrives(letters, place, this.#instruments);
    return { letters: seen, capabilities };
  }
}
