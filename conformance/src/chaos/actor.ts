import {
  connect,
  PubSubError,
  type BatchOutcome,
  type HandlerContext,
  type InboxStore,
  type PubSub,
  type PubSubEvent,
  type Worker,
} from "@anytopic/core";
import type { Adapter } from "@anytopic/core/driver";
import type { Item } from "../item.ts";
import { hold } from "../wait.ts";
import type { ActorTask } from "./actor-task.ts";
import { chaosHandler } from "./chaos-handler.ts";
import { declareTopics, type ChaosTopic } from "./declarations.ts";
import { historyLogger } from "./history-logger.ts";
import type { HistoryWriter } from "./history.ts";
import { Pause } from "./pause.ts";
import { runPublishingLoop } from "./publishing-loop.ts";
import type { WorkPlan } from "./schedule.ts";
import { watchStandstills } from "./standstills.ts";

const WAIT_FOR_BROKER_MS = 120_000;
const BATCH_WAIT_MS = 50;
const REOPEN_PAUSE_MS = 200;
const HEALTHY_WITHIN_MS = 20_000;
const POLL_MS = 50;
/** Enough to mark a success in the inbox, in ms. */
const MARK_MS = 500;
const NEVER = new AbortController().signal;
/** Short, so that a publish whose answer was lost is repeated within the schedule. */
const PUBLISH_TIMEOUT_MS = 5000;

interface OpenWorker {
  readonly plan: WorkPlan;
  readonly index: number;
  worker: Worker | undefined;
}

/** One process of a schedule, or what would be one: a connection that publishes and works, and records everything. */
export class Actor {
  readonly #task: ActorTask;
  readonly #history: HistoryWriter;
  readonly #pubsub: PubSub;
  readonly #topics: ReadonlyMap<string, ChaosTopic>;
  readonly #stopped = new AbortController();
  readonly #ended = new AbortController();
  readonly #workers = new Set<OpenWorker>();
  readonly #endWatch: () => void;
  readonly #subscribing: Promise<unknown>;
  readonly #publishing: Promise<unknown>;
  /** Handlers that run, also those that were given up. */
  readonly #running = new Set<Promise<void>>();
  readonly #pause = new Pause();
  #calm = false;
  #runs = 0;
  #workerCount = 0;

  static async start(task: ActorTask, adapter: Adapter, inbox: InboxStore, history: HistoryWriter): Promise<Actor> {
    const prefix = `${task.prefix}-`;
    history.write({ type: "loaded" });
    const pubsub = await connect(adapter, {
      provisioning: "off",
      waitForBrokerMs: WAIT_FOR_BROKER_MS,
      inbox,
      logger: historyLogger(history),
      publish: { timeoutMs: PUBLISH_TIMEOUT_MS },
      observer: (event) => observe(event, prefix, history),
    });
    return new Actor(task, pubsub, history);
  }

  private constructor(task: ActorTask, pubsub: PubSub, history: HistoryWriter) {
    this.#task = task;
    this.#pubsub = pubsub;
    this.#history = history;
    this.#topics = new Map(declareTopics(task).map((one) => [one.plan.name, one]));
    this.#endWatch = watchStandstills((forMs) => history.write({ type: "standstill", forMs }));
    const target = (topic: string): ChaosTopic => this.#topics.get(topic) as ChaosTopic;
    const { signal: stopped } = this.#stopped;
    const { signal: ended } = this.#ended;
    this.#subscribing = Promise.all(task.plan.works.map((plan) => this.#open(plan)));
    this.#publishing = Promise.all(
      task.plan.publishes.map((plan) =>
        runPublishingLoop({
          pubsub,
          task,
          plan,
          target: target(plan.topic),
          history,
          stopped,
          ended,
          pause: this.#pause,
        }),
      ),
    );
    const stray = (error: unknown): void => history.write({ type: "stray", text: shownError(error) });
    this.#subscribing.catch(stray);
    this.#publishing.catch(stray);
  }

  /** Resolves when everything that it has published is accepted. */
  async stopPublishing(): Promise<void> {
    this.#stopped.abort();
    await this.#publishing;
  }

  /** Whether handlers succeed without a failure. */
  beCalm(on = true): void {
    this.#calm = on;
  }

  pausePublishing(on: boolean): void {
    this.#pause.set(on);
  }

  /** Closes the worker of the first topic, or of another one the next time, and opens it again. */
  async closeWorker(timeoutMs: number, reopenAfterMs: number): Promise<void> {
    const open = [...this.#workers].find(({ worker }) => worker !== undefined);
    if (open?.worker === undefined) return;
    const { worker, plan, index } = open;
    this.#workers.delete(open);
    const what = `worker ${index}`;
    this.#history.write({ type: "closing", what, timeoutMs });
    await worker.close({ timeoutMs });
    this.#history.write({ type: "closed", what });
    await hold(reopenAfterMs, this.#ended.signal).catch(() => undefined);
    if (!this.#ended.signal.aborted) await this.#open(plan);
  }

  /** Waits until its health is "up", and says what it is then or at last. */
  async sayHealth(): Promise<void> {
    const endMs = performance.now() + HEALTHY_WITHIN_MS;
    while (this.#status() !== "up" && performance.now() < endMs) await hold(POLL_MS, this.#ended.signal);
    const { connections, subscriptions } = this.#pubsub.health();
    this.#history.write({
      type: "health",
      status: this.#status(),
      text: JSON.stringify({ connections, subscriptions }),
    });
  }

  /** `"up"` also needs a worker for each plan. */
  #status(): string {
    const { status, subscriptions } = this.#pubsub.health();
    return status === "up" && subscriptions.length < this.#task.plan.works.length ? "without its workers" : status;
  }

  async end(timeoutMs: number): Promise<void> {
    this.#stopped.abort();
    this.#ended.abort();
    const what = `connection of ${this.#workerCount} workers`;
    this.#history.write({ type: "closing", what, timeoutMs });
    await this.#pubsub.close({ timeoutMs });
    this.#history.write({ type: "closed", what });
    await Promise.allSettled([this.#subscribing, this.#publishing]);
    this.#endWatch();
    // A handler that ignores its signal outlives its connection, and its success is still marked in the inbox: the process
    // of an application would not end before it either.
    await Promise.allSettled(this.#running);
    await hold(MARK_MS, NEVER);
  }

  async #open(plan: WorkPlan): Promise<void> {
    const target = this.#topics.get(plan.topic) as ChaosTopic;
    const index = (this.#workerCount += 1);
    const open: OpenWorker = { plan, index, worker: undefined };
    this.#workers.add(open);
    const { maxConcurrency, batch } = plan;
    const handle = chaosHandler({
      task: this.#task,
      plan,
      history: this.#history,
      worker: index,
      nextRun: () => (this.#runs += 1),
      isCalm: () => this.#calm,
    });
    const handler = async (item: Item, context: HandlerContext): Promise<void> => {
      const running = handle(item, context);
      this.#running.add(running);
      try {
        await running;
      } finally {
        this.#running.delete(running);
      }
    };
    const handlers = maxConcurrency * (batch ?? 1);
    this.#history.write({ type: "opened", topic: plan.topic, worker: index, maxConcurrency: handlers });
    while (!this.#ended.signal.aborted) {
      try {
        open.worker =
          batch === undefined
            ? await this.#pubsub.subscribe(target.subscription, handler, { maxConcurrency })
            : await this.#pubsub.subscribe(target.subscription, batchHandler(handler), {
                maxConcurrency,
                batch: { maxMessages: batch, maxWaitMs: BATCH_WAIT_MS },
              });
        return;
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        if (!(error instanceof PubSubError && error.retryable)) throw error;
      }
      await hold(REOPEN_PAUSE_MS, this.#ended.signal).catch(() => undefined);
    }
  }
}

/** Each message of a batch is handled as if it were alone, and has an outcome of its own. */
function batchHandler(
  handler: (item: Item, context: HandlerContext) => Promise<void>,
): (items: readonly Item[], contexts: readonly HandlerContext[]) => Promise<readonly BatchOutcome[]> {
  return async (items, contexts) =>
    await Promise.all(
      items.map(async (item, index): Promise<BatchOutcome> => {
        try {
          await handler(item, contexts[index] as HandlerContext);
          return "ack";
        } catch (error) {
          return error as Error;
        }
      }),
    );
}

/** Records what core says that handlers cannot see. */
function observe(event: PubSubEvent, prefix: string, history: HistoryWriter): void {
  switch (event.type) {
    case "retry":
    case "dead-letter":
    case "lease-lost": {
      const { topic, id, attempt } = event;
      const message = { topic: topic.slice(prefix.length), id, attempt };
      if (event.type === "retry") history.write({ type: "retry", ...message, delayMs: event.delayMs });
      else if (event.type === "lease-lost") history.write({ type: "lease-lost", ...message });
      else history.write({ type: "dead-letter", ...message, reason: event.reason });
      break;
    }
    default:
  }
}

export function shownError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
