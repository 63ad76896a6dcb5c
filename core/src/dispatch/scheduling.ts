import type { CloseBudget } from "../base/close-budget.ts";
import { requireOpen } from "../base/require-open.ts";
import { untilAborted } from "../base/until-aborted.ts";
import type { ConnectOptions } from "../connections/connect-options.ts";
import type { ConnectionEnvironment } from "../connections/connection.ts";
import type { ConnectionRouter } from "../connections/connection-router.ts";
import type { ScheduledEntry } from "../contract/due.ts";
import { requireId } from "../contract/message-id.ts";
import type { AnyTopic } from "../declare/topic.ts";
import { requireKind } from "../declare/wrong-argument.ts";
import { requireInteger, rejectUnknownKeys } from "../options/option-checks.ts";
import { PUBLISH_LIMITS } from "../options/publish-limits.ts";
import { IdSigner } from "../publish/id-signer.ts";
import { openPublisher } from "../publish/open-publisher.ts";
import type { PendingPublish } from "../publish/pending-publish.ts";
import type { TopicPublisherOptions } from "../publish/topic-publisher.ts";
import { Dispatcher } from "./dispatcher.ts";
import { type StoreWithDispatcher, TopicSchedule } from "./topic-schedule.ts";

/** Options of `PubSub.scheduled`. */
export interface ScheduledOptions {
  /** How many messages at most, 1 to 1,000. @default 100 */
  readonly limit?: number | undefined;
  /** When it aborts, the call rejects with the abort reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

const LIST_RANGE = { min: 1, max: 1000 } as const;
const DEFAULT_LIST_LIMIT = 100;

/** The scheduled messages of a `PubSub`, of all topics. */
export class Scheduling {
  readonly #router: ConnectionRouter;
  readonly #stored: StoreWithDispatcher | undefined;
  readonly #publisherOptions: Omit<TopicPublisherOptions, "capabilities">;
  readonly #signer: IdSigner | undefined;
  readonly #closed: AbortSignal;
  readonly #schedules = new Map<string, Promise<TopicSchedule>>();
  readonly #opened = new Set<TopicSchedule>();

  /** @param closed aborts when closing begins */
  constructor(
    router: ConnectionRouter,
    environment: ConnectionEnvironment,
    options: ConnectOptions,
    closed: AbortSignal,
  ) {
    const { publish = {}, schedule: store, declarations = [] } = options;
    const timeoutMs = publish.timeoutMs ?? PUBLISH_LIMITS.timeoutMs.default;
    this.#router = router;
    this.#closed = closed;
    this.#publisherOptions = {
      clock: environment.clock,
      observer: environment.observe,
      maxPending: publish.maxPending ?? PUBLISH_LIMITS.maxPending.default,
      maxWaiting: publish.maxWaiting ?? PUBLISH_LIMITS.maxWaiting.default,
      timeoutMs,
    };
    this.#signer = publish.idSecret === undefined ? undefined : new IdSigner(publish.idSecret);
    if (store === undefined) return;
    const unseen = { ...this.#publisherOptions, observer: undefined };
    const dispatcher = new Dispatcher(store, {
      environment,
      leaseMs: 2 * timeoutMs,
      openPublisher: (topic) => openPublisher(router, topic, unseen),
    });
    this.#stored = { store, dispatcher };
    closed.addEventListener("abort", () => dispatcher.stop(), { once: true });
    for (const declared of declarations) dispatcher.know(declared.kind === "topic" ? declared : declared.topic);
  }

  /** How many messages are being scheduled. */
  get pending(): number {
    let pending = 0;
    for (const schedule of this.#opened) pending += schedule.pending;
    return pending;
  }

  /** Resolves with the id when the schedule is durable. */
  async send(topic: AnyTopic, message: PendingPublish): Promise<string> {
    return await (await untilAborted(this.#schedule(topic), message.signal)).send(message);
  }

  async cancel(topic: AnyTopic, id: string, signal: AbortSignal | undefined): Promise<boolean> {
    requireKind("topic", topic);
    const own = requireId(id);
    requireOpen(this.#closed);
    const signed = this.#signer?.sign(topic.name, own) ?? own;
    return await untilAborted(
      this.#schedule(topic).then((schedule) => schedule.cancel(signed)),
      signal,
      this.#closed,
    );
  }

  async list(topic: AnyTopic, options: ScheduledOptions): Promise<readonly ScheduledEntry[]> {
    requireKind("topic", topic);
    rejectUnknownKeys("scheduled", options, ["limit", "signal"]);
    const limit = requireInteger("limit", options.limit ?? DEFAULT_LIST_LIMIT, LIST_RANGE);
    requireOpen(this.#closed);
    return await untilAborted(
      this.#schedule(topic).then((schedule) => schedule.list(limit)),
      options.signal,
      this.#closed,
    );
  }

  /** Waits for what is being scheduled and published. */
  async close(budget: CloseBudget): Promise<void> {
    await this.#stored?.dispatcher.close(budget);
    await budget.wait("opening schedules", {}, () => Promise.allSettled(this.#schedules.values()));
    await Promise.all(
      [...this.#opened].map((schedule) => budget.wait("waiting for schedules", {}, (leftMs) => schedule.close(leftMs))),
    );
  }

  #schedule(topic: AnyTopic): Promise<TopicSchedule> {
    const known = this.#schedules.get(topic.name);
    if (known !== undefined) return known;
    const opening = TopicSchedule.open(this.#router, topic, this.#stored, this.#publisherOptions);
    this.#schedules.set(topic.name, opening);
    opening.then(
      (schedule) => this.#opened.add(schedule),
      () => this.#schedules.delete(topic.name),
    );
    return opening;
  }
}
