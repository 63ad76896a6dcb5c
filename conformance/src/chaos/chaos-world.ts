import { connect, type InboxStore, type PubSub } from "@anytopic/core";
import type { Adapter } from "@anytopic/core/driver";
import type { Harness } from "../harness.ts";
import { saboteurs } from "../saboteurs/index.ts";
import type { ActorHandle } from "./actor-handle.ts";
import type { ActorTask } from "./actor-task.ts";
import { declareTopics, type ChaosTopic } from "./declarations.ts";
import { HistoryWriter } from "./history.ts";
import { recordedInbox } from "./inbox-calls.ts";
import type { ChaosSchedule, ProcessPlan } from "./schedule.ts";
import { startActorProcess } from "./start-actor-process.ts";
import { startLocalActor } from "./start-local-actor.ts";
import { replaceWallClock, type WallClock } from "./wall-clock.ts";

export interface WorldOptions {
  readonly prefix: string;
  readonly historyFile: string;
  readonly saboteur?: string | undefined;
  /** How many successes the inbox of all processes remembers. @default 100,000 */
  readonly maxCompleted?: number | undefined;
}

interface Life {
  readonly plan: ProcessPlan;
  handle: ActorHandle;
  lives: number;
  why: "asked" | "killed" | "itself" | "hung";
}

const OPERATOR_WAITS_MS = 60_000;
/** An actor that was closed must end by itself within this time. */
const END_GRACE_MS = 20_000;
const CLOSE_GRACE_MS = 5000;

/** The processes of one schedule, and the operator: who provisions, redrives and deletes. */
export class ChaosWorld {
  readonly harness: Harness;
  readonly schedule: ChaosSchedule;
  readonly history: HistoryWriter;
  readonly topics: readonly ChaosTopic[];
  readonly #options: WorldOptions;
  readonly #inbox: InboxStore;
  readonly #clock: WallClock | undefined;
  readonly #lives = new Map<string, Life>();
  #operator: PubSub | undefined;

  constructor(harness: Harness, schedule: ChaosSchedule, options: WorldOptions) {
    this.harness = harness;
    this.schedule = schedule;
    this.#options = options;
    this.history = new HistoryWriter(options.historyFile, "chaos");
    this.topics = declareTopics({ ...schedule, prefix: options.prefix });
    this.#inbox = recordedInbox(this.history, options.prefix, options.maxCompleted);
    this.#clock = harness.process === undefined ? replaceWallClock() : undefined;
  }

  get names(): readonly string[] {
    return [...this.#lives.keys()];
  }

  get handles(): readonly ActorHandle[] {
    return [...this.#lives.values()].map(({ handle }) => handle);
  }

  handle(name: string): ActorHandle | undefined {
    return this.#lives.get(name)?.handle;
  }

  async provision(): Promise<void> {
    const operator = await this.#connected();
    await operator.apply(this.topics.map(({ subscription }) => subscription));
  }

  start(plan: ProcessPlan): void {
    const lives = (this.#lives.get(plan.name)?.lives ?? 0) + 1;
    const by = `${plan.name}#${lives}`;
    const handle = this.#launch({ ...this.#task(), by, plan });
    this.history.write({ type: "started", process: by });
    const life: Life = { plan, handle, lives, why: "itself" };
    this.#lives.set(plan.name, life);
    void handle.gone.then((code) => this.history.write({ type: "gone", process: by, why: life.why, code }));
  }

  /** Kills the process, and starts its successor after a while. */
  async kill(name: string): Promise<void> {
    const life = this.#lives.get(name);
    if (life === undefined) return;
    life.why = "killed";
    life.handle.signal?.("SIGKILL");
    await life.handle.gone;
  }

  /** Tells the process to close and to end. Kills it when it does not. */
  async end(name: string, timeoutMs: number): Promise<void> {
    const life = this.#lives.get(name);
    if (life === undefined) return;
    // How long a machine needs to start a process is not the adapter's.
    await life.handle.said("loaded");
    if (life.why === "itself") life.why = "asked";
    life.handle.send({ type: "end", timeoutMs });
    const patience = new AbortController();
    const hung = setTimeout(
      () => {
        life.why = "hung";
        life.handle.signal?.("SIGKILL");
        patience.abort();
      },
      timeoutMs + CLOSE_GRACE_MS + END_GRACE_MS + this.schedule.ackDeadlineMs * 2,
    );
    const impatient = new Promise<void>((resolve) => patience.signal.addEventListener("abort", () => resolve()));
    // An actor of this process that hangs cannot be killed.
    await (life.handle.signal === undefined ? Promise.race([life.handle.gone, impatient]) : life.handle.gone);
    if (life.why === "hung" && life.handle.signal === undefined) {
      this.history.write({ type: "gone", process: life.handle.by, why: "hung", code: null });
    }
    clearTimeout(hung);
  }

  async restart(name: string): Promise<void> {
    const life = this.#lives.get(name);
    if (life !== undefined) this.start(life.plan);
  }

  /** Sends every letter of every subscription back. Returns how many. */
  async redrive(): Promise<number> {
    const operator = await this.#connected();
    const counts = await Promise.all(
      this.topics.map(({ plan, subscription }) =>
        operator.deadLetters(subscription).redrive({
          edit: ({ id }) => {
            this.history.write({ type: "redriven", topic: plan.name, id });
            return undefined;
          },
        }),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Ends what still runs, deletes what was created, and closes the operator's connection. */
  async close(): Promise<void> {
    for (const { handle } of this.#lives.values()) {
      handle.signal?.("SIGKILL");
      if (handle.signal !== undefined) await handle.gone;
    }
    this.#clock?.restore();
    try {
      const operator = await this.#connected();
      await operator.destroy(this.topics.flatMap(({ topic, subscription }) => [topic, subscription]));
    } finally {
      await this.#operator?.close({ timeoutMs: 0 });
      this.history.close();
    }
  }

  async #connected(): Promise<PubSub> {
    this.#operator ??= await connect(this.#sabotaged(this.harness.adapter({ faults: true })), {
      provisioning: "off",
      waitForBrokerMs: OPERATOR_WAITS_MS,
      inbox: this.#inbox,
    });
    return this.#operator;
  }

  #task(): Omit<ActorTask, "by" | "plan"> {
    const { seed, topics, ackDeadlineMs, retryMs, maxRetries } = this.schedule;
    const { prefix, historyFile, saboteur } = this.#options;
    return { seed, historyFile, prefix, topics, ackDeadlineMs, retryMs, maxRetries, saboteur };
  }

  #launch(task: ActorTask): ActorHandle {
    const { harness } = this;
    const request = { throughProxy: task.plan.proxied, faults: true };
    if (harness.process !== undefined)
      return startActorProcess({ ...task, adapter: harness.process(request) }, this.#inbox);
    const adapter = this.#sabotaged(harness.adapter(request));
    return startLocalActor(task, adapter, this.#inbox, this.#clock as WallClock);
  }

  #sabotaged(adapter: Adapter): Adapter {
    const saboteur = saboteurs.find(({ name }) => name === this.#options.saboteur);
    return saboteur === undefined ? adapter : saboteur.sabotage(adapter);
  }
}
